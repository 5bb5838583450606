-- Reopenings name the sheet that did not hold, and scores outlive the call they superseded: the month's
-- figures read both without a walk through every order.
CREATE INDEX timeline_reopened ON timeline (at) WHERE action = 'reopen';
CREATE INDEX follow_ups_scored_superseded ON follow_ups (id) WHERE state = 'superseded' AND score_service IS NOT NULL;
