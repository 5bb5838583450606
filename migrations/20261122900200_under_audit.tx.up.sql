-- Tables of the customers' pages and the follow-up desk under audit, as every table that holds facts. What a plan
-- reckoned and what is left to pay follow from other rows and stay out.
SELECT audit_attach(tbl::regclass) FROM unnest(ARRAY['asset_labels', 'call_scripts', 'callers', 'campaigns', 'follow_up_kinds', 'follow_up_rules',
  'improvements', 'link_signatures', 'reporters', 'request_watchers']) AS tbl
 WHERE NOT EXISTS (SELECT FROM pg_trigger WHERE tgrelid = tbl::regclass AND tgname = 'zz_audit');
