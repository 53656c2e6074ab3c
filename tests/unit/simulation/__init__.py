"""The five services in one process, in memory, under one seed: whatever the order of events, they tell one story."""
