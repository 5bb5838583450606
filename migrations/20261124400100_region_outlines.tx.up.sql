-- The outline of a region on the scheme: its corners in order, drawn by whoever sets the regions up. It is for people
-- to look at; who serves a region is said by its code alone.
ALTER TABLE regions ADD COLUMN shape jsonb,
  ADD CONSTRAINT regions_shape CHECK (shape IS NULL OR coalesce(jsonb_typeof(shape) = 'array' AND jsonb_array_length(shape) BETWEEN 3 AND 200
    AND NOT jsonb_path_exists(shape, '$[*] ? (!(@.lat >= -90 && @.lat <= 90 && @.lng >= -180 && @.lng <= 180))'), false));
CREATE INDEX regions_drawn ON regions (code) WHERE shape IS NOT NULL;
