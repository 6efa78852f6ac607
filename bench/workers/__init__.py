"""What workers bring, and what they cost: processes of one machine, and Celery. ``python -m bench.workers``."""
