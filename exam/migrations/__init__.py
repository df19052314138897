"""One linear history of the schema, named <when>_<package>_<what>; forward only."""
