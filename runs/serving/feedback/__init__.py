"""What a service keeps of its answers and of what people say of them, until a person confirmed it: docs/feedback.md."""
