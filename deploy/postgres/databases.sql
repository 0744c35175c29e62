-- A database for each part that has one; each makes and migrates its own tables.
CREATE DATABASE weft_catalog;
CREATE DATABASE weft_indicators;
CREATE DATABASE weft_search;
CREATE DATABASE weft_sync;
CREATE DATABASE weft_gateway;
