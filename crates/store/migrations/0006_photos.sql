-- Photos of people, shown to those who may see who they are.
CREATE TABLE photos (
    person TEXT PRIMARY KEY,
    media_type TEXT NOT NULL,
    image BLOB NOT NULL,
    stamp TEXT NOT NULL
);
