"""Tests of workers: processes of this machine, and of Celery."""
