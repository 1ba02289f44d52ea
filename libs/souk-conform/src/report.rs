//! What is observed while a service is asked, sentence by sentence.

use std::collections::BTreeMap;
use std::time::Instant;

use crate::results::{Observation, Outcome, Results, Verdict};
use crate::sentences::{self, Selection, Sentence, begins_with};

/// How many different observations are kept of one sentence, of each kind.
const MOST_KEPT: usize = 4;

/// Why a sentence with a ◇ is never asked.
const HIDDEN: &str = "it cannot be observed reliably from outside; each chassis has its own tests";

/// Sentences that are judged by all calls together, so that they need all of them.
const OF_ALL_CALLS: &[&str] =
    &["C-CONFIG-1", "C-CONFIG-7", "C-ERROR", "C-LOG", "C-METRIC", "C-REDACT", "C-TRACE"];

/// Returns an observation.
pub fn seen(
    sent: impl Into<String>,
    came: impl Into<String>,
    expected: impl Into<String>,
) -> Observation {
    Observation { sent: sent.into(), came: came.into(), expected: expected.into() }
}

/// A part of a run.
pub struct Part {
    /// What the progress calls it.
    pub name: &'static str,
    /// The sentences that it observes, by their prefixes.
    pub sentences: &'static [&'static str],
    /// Whether its calls count for the sentences that are judged by all calls.
    pub calls: bool,
}

/// Prints how far a run is.
pub type Progress = Box<dyn FnMut(&str) + Send>;

/// What is known of every sentence so far.
pub struct Report {
    subject: String,
    selection: Selection,
    sentences: Vec<Sentence>,
    findings: BTreeMap<&'static str, Finding>,
    part: Option<&'static Part>,
    stopped: Option<String>,
    progress: Progress,
    started: Instant,
}

#[derive(Default)]
struct Finding {
    observations: usize,
    evidence: Vec<Observation>,
    failures: Vec<Observation>,
    /// What of it could not be tried.
    untried: Vec<String>,
    /// Why it was not asked at all.
    reason: Option<String>,
}

impl Report {
    /// Starts with nothing known of a subject: a service's name or an address.
    pub fn new(subject: &str, selection: Selection, progress: Progress) -> Report {
        Report {
            subject: subject.to_owned(),
            selection,
            sentences: sentences::all(),
            findings: BTreeMap::new(),
            part: None,
            stopped: None,
            progress,
            started: Instant::now(),
        }
    }

    /// Returns whether a part is to be run: one of its sentences was selected, or it makes calls
    /// and a sentence was selected that is judged by all calls.
    pub fn wants(&self, part: &Part) -> bool {
        self.wants_any(part.sentences) || part.calls && self.wants_any(OF_ALL_CALLS)
    }

    fn wants_any(&self, prefixes: &[&str]) -> bool {
        let numbers = self.sentences.iter().map(|sentence| sentence.number);
        let mut selected = numbers.filter(|number| self.selection.has(number));
        selected.any(|number| prefixes.iter().any(|prefix| begins_with(number, prefix)))
    }

    /// Begins a part, and returns whether it is to be run.
    pub fn begin(&mut self, part: &'static Part) -> bool {
        let is_wanted = self.wants(part);
        if is_wanted {
            let seconds = self.started.elapsed().as_secs();
            (self.progress)(&format!("{seconds:4} s  {}: {}", self.subject, part.name));
        }
        self.part = Some(part);
        is_wanted
    }

    /// Records one observation of a sentence.
    ///
    /// # Panics
    /// When there is no such sentence, or the part that runs does not say that it observes it.
    pub fn observe(&mut self, number: &str, holds: bool, observation: Observation) {
        if let Some(part) = self.part {
            let is_listed = part.sentences.iter().any(|prefix| begins_with(number, prefix));
            assert!(is_listed, "the part \"{}\" does not list {number}", part.name);
        }
        let finding = self.finding(number);
        finding.observations += 1;
        let list = if holds { &mut finding.evidence } else { &mut finding.failures };
        if list.len() < MOST_KEPT && !list.contains(&observation) {
            list.push(observation);
        }
    }

    /// Records that a part of a sentence could not be tried.
    pub fn untried(&mut self, number: &str, what: impl Into<String>) {
        let list = &mut self.finding(number).untried;
        let what = what.into();
        if !list.contains(&what) {
            list.push(what);
        }
    }

    /// Records why a sentence cannot be asked; what was observed of it counts nevertheless.
    pub fn not_asked(&mut self, number: &str, reason: &str) {
        self.finding(number).reason.get_or_insert_with(|| reason.to_owned());
    }

    /// Records why none of the sentences under some prefixes can be asked.
    pub fn none_asked(&mut self, prefixes: &[&str], reason: &str) {
        let numbers: Vec<&str> = self.sentences.iter().map(|sentence| sentence.number).collect();
        for number in numbers {
            if prefixes.iter().any(|prefix| begins_with(number, prefix)) {
                self.not_asked(number, reason);
            }
        }
    }

    /// Records that the run ended early.
    pub fn stopped(&mut self, why: &str) {
        self.stopped = Some(why.to_owned());
    }

    fn finding(&mut self, number: &str) -> &mut Finding {
        let sentence = self.sentences.iter().find(|sentence| sentence.number == number);
        let sentence =
            sentence.unwrap_or_else(|| panic!("docs/service-contract.md has no {number}"));
        self.findings.entry(sentence.number).or_default()
    }

    /// Returns what came of it: a verdict for each selected sentence.
    pub fn results(mut self) -> Results {
        let mut verdicts = Vec::new();
        for sentence in std::mem::take(&mut self.sentences) {
            if self.selection.has(sentence.number) {
                let finding = self.findings.remove(sentence.number).unwrap_or_default();
                verdicts.push(self.verdict(sentence, finding));
            }
        }
        let seconds = self.started.elapsed().as_secs_f64();
        Results { subject: self.subject, verdicts, stopped: self.stopped, seconds }
    }

    fn verdict(&self, sentence: Sentence, finding: Finding) -> Verdict {
        let outcome = match (&finding.failures[..], finding.observations) {
            ([_, ..], _) => Outcome::Broken,
            ([], 0) => Outcome::NotAsked,
            ([], _) => Outcome::Holds,
        };
        let reason = match (&self.stopped, finding.reason) {
            _ if outcome != Outcome::NotAsked => None,
            _ if !sentence.is_visible => Some(HIDDEN.to_owned()),
            (_, Some(reason)) => Some(reason),
            (Some(why), None) => Some(format!("the run ended before: {why}")),
            (None, None) => None,
        };
        Verdict {
            number: sentence.number,
            text: sentence.text,
            is_visible: sentence.is_visible,
            outcome,
            reason,
            observations: finding.observations,
            failures: finding.failures,
            evidence: finding.evidence,
            untried: finding.untried,
        }
    }
}
