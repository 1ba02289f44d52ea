//! The results for people: a line for each sentence, and below a broken one what was observed.

use std::fmt::Write as _;

use crate::results::Observation;
use crate::results::{Outcome, Results, Verdict};

/// How many characters of one text are printed; a message may have megabytes.
const MOST_CHARACTERS: usize = 600;

impl Results {
    /// Returns the results as text; `verbose` adds the evidence where a sentence holds.
    pub fn text(&self, verbose: bool) -> String {
        let mut text = format!("{}\n", self.subject);
        for verdict in &self.verdicts {
            add(&mut text, verdict, verbose);
        }
        let hidden = self.verdicts.iter().filter(|verdict| !verdict.is_visible).count();
        if hidden > 0 {
            let _ = writeln!(
                text,
                "◇ cannot be observed reliably from outside; each chassis has its own tests"
            );
        }
        if let Some(why) = &self.stopped {
            let _ = writeln!(text, "the run ended early: {why}");
        }
        let _ = writeln!(
            text,
            "{}: {} sentences hold, {} broken, {} not asked ({hidden} of them ◇), {:.0} s",
            self.subject,
            self.count(Outcome::Holds),
            self.count(Outcome::Broken),
            self.count(Outcome::NotAsked),
            self.seconds,
        );
        text
    }
}

fn add(text: &mut String, verdict: &Verdict, verbose: bool) {
    let word = match verdict.outcome {
        Outcome::Holds => "holds",
        Outcome::Broken => "BROKEN",
        Outcome::NotAsked => "not asked",
    };
    let mark = if verdict.is_visible { " " } else { "◇" };
    let _ = writeln!(text, "  {word:9} {:13} {mark} {}", verdict.number, verdict.text);
    for observation in &verdict.failures {
        add_observation(text, observation);
    }
    if verbose {
        for observation in &verdict.evidence {
            add_observation(text, observation);
        }
    }
    for what in &verdict.untried {
        add_line(text, "untried", what);
    }
    if let (Some(reason), true) = (&verdict.reason, verdict.is_visible) {
        add_line(text, "because", reason);
    }
}

fn add_observation(text: &mut String, observation: &Observation) {
    add_line(text, "sent", &observation.sent);
    add_line(text, "came", &observation.came);
    add_line(text, "expected", &observation.expected);
}

fn add_line(text: &mut String, word: &str, what: &str) {
    let what: String = what.escape_debug().to_string().replace("\\\"", "\"").replace("\\'", "'");
    let mut shown: String = what.chars().take(MOST_CHARACTERS).collect();
    if shown.len() < what.len() {
        shown.push('…');
    }
    let _ = writeln!(text, "              {word:9} {shown}");
}
