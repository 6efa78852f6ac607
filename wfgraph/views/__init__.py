"""Views: a graph drawn as text for other programs to render."""
