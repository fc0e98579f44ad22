"""The validator: takes a study in, judges it, describes it and stores it, step by step through events."""
