"""Who answers for a room, and how one proctor hands it over to the next."""
