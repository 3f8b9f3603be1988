"""What calls the steps: each trigger translates, calls one step, and translates back."""
