"""A client that shops at a steady rate through the public name and writes down what it saw."""
