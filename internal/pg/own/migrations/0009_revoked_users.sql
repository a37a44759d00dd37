-- A revocation of the kind "uid" is for the access tokens of a user that were issued before it.
ALTER TABLE krowoc.revocations DROP CONSTRAINT revocations_kind_check;
ALTER TABLE krowoc.revocations ADD CONSTRAINT revocations_kind_check CHECK (kind IN ('session', 'key', 'kid', 'uid'));
