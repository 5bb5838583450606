-- A yes on paper is there to be looked at: without its scan nothing counts as approved on paper.
CREATE FUNCTION quotes_paper_scanned() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM files f WHERE f.quote_id = NEW.id) THEN
    PERFORM refuse('quotes_paper_scanned', 'a quote approved on paper carries the scan of the signed paper');
  END IF;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER quotes_paper_scanned AFTER INSERT OR UPDATE OF state, approved_how ON quotes
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.state = 'approved' AND NEW.approved_how = 'paper') EXECUTE FUNCTION quotes_paper_scanned();
