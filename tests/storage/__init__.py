"""Tests of what is stored: the documented engine over objects of the user's, and the ready-made storage."""
