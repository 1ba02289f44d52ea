//! What came of a run: a verdict for each sentence, for people, as JSON and as JUnit.

mod junit;
mod text;

use std::collections::BTreeSet;

use serde::Serialize;

/// One observation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Observation {
    /// What the service was asked or had to do.
    pub sent: String,
    /// What it answered or did.
    pub came: String,
    /// What the sentence requires.
    pub expected: String,
}

/// What is known of a sentence in the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It was observed, and held each time.
    Holds,
    /// It did not hold at least once.
    Broken,
    /// It was not observed.
    NotAsked,
}

/// One sentence in the end.
#[derive(Clone, Debug, Serialize)]
pub struct Verdict {
    /// `C-ERROR-4`
    pub number: &'static str,
    /// How the sentence begins.
    pub text: String,
    /// Whether it can be observed from outside.
    pub is_visible: bool,
    /// Whether it holds.
    pub outcome: Outcome,
    /// Why it was not asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// How often it was observed.
    pub observations: usize,
    /// Some of the observations where it did not hold.
    pub failures: Vec<Observation>,
    /// Some of the observations where it held.
    pub evidence: Vec<Observation>,
    /// What of it could not be tried.
    pub untried: Vec<String>,
}

/// The results of one run.
#[derive(Clone, Debug, Serialize)]
pub struct Results {
    /// The name of the service, or its address.
    pub subject: String,
    /// Why the run ended early.
    pub stopped: Option<String>,
    /// How long it took.
    pub seconds: f64,
    /// Each selected sentence, in the order of the document.
    pub verdicts: Vec<Verdict>,
}

impl Results {
    /// Returns the sentences that do not hold.
    pub fn broken(&self) -> BTreeSet<&'static str> {
        let broken = self.verdicts.iter().filter(|verdict| verdict.outcome == Outcome::Broken);
        broken.map(|verdict| verdict.number).collect()
    }

    /// Returns the sentences that can be observed, and were not for no known reason.
    pub fn missed(&self) -> BTreeSet<&'static str> {
        let missed = self
            .verdicts
            .iter()
            .filter(|verdict| verdict.outcome == Outcome::NotAsked && verdict.reason.is_none());
        missed.map(|verdict| verdict.number).collect()
    }

    /// Returns whether every sentence that was asked holds, and the run came to its end.
    pub fn is_kept(&self) -> bool {
        self.stopped.is_none() && self.broken().is_empty() && self.missed().is_empty()
    }

    /// Returns the results as one JSON object.
    pub fn json(&self) -> String {
        serde_json::to_string_pretty(self).expect("texts and numbers")
    }

    fn count(&self, outcome: Outcome) -> usize {
        self.verdicts.iter().filter(|verdict| verdict.outcome == outcome).count()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use crate::report::Report;
    use crate::sentences::{Selection, all};

    #[test]
    fn sentences_that_cannot_be_observed_are_not_asked_in_every_form_of_the_results() {
        let report = Report::new("nobody", Selection::default(), Box::new(|_| {}));
        let results = report.results();
        let text = results.text(false);
        let xml = results.junit();
        let json: Value = serde_json::from_str(&results.json()).unwrap();
        let verdicts = json["verdicts"].as_array().unwrap();
        let why = "it cannot be observed reliably from outside";
        let hidden: Vec<_> = all().into_iter().filter(|sentence| !sentence.is_visible).collect();
        assert!(hidden.len() > 20, "{hidden:?}");
        for sentence in hidden {
            let number = sentence.number;
            let line = text.lines().find(|line| line.contains(&format!(" {number} "))).unwrap();
            assert!(line.contains("not asked") && line.contains('◇'), "{line}");
            let verdict = verdicts.iter().find(|verdict| verdict["number"] == number).unwrap();
            assert_eq!(verdict["outcome"], "not_asked", "{verdict}");
            assert!(verdict["reason"].as_str().is_some_and(|reason| reason.starts_with(why)));
            let case = format!("name=\"{number} ");
            let line = xml.lines().find(|line| line.contains(&case)).unwrap();
            assert!(line.contains(&format!("<skipped message=\"{why}")), "{line}");
        }
    }
}
