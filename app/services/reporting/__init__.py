"""The Customer Feedback Report: what is counted, in which period, and the cases behind it."""
