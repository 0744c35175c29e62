"""What services share that keep or show records: reading, writing and answering them. What a kind says is the services'."""
