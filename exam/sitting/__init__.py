"""Plans, sittings, rooms and seats, registration, eligibility, admission tickets."""
