"""Text that people read: safe to print, and with the nearest known name."""
