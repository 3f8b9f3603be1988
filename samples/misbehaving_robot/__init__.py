"""A robot that makes many mistakes on purpose, and keeps an account of them."""
