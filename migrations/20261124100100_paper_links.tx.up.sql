-- A paper that was handed out carries the customer's page as a code. Many hands hold paper, so its link looks and asks, but neither signs nor rates nor calls off.
ALTER TABLE links DROP CONSTRAINT links_purpose;
ALTER TABLE links ADD CONSTRAINT links_purpose CHECK (purpose IN ('view', 'quote', 'sign', 'rate', 'request', 'paper'));
