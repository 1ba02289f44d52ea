//! What was seen, sentence by sentence.

use std::collections::BTreeMap;
use std::fmt::Write as _;

/// The sentences themselves.
const CONTRACT: &str = include_str!("../../../docs/service-contract.md");

/// How many different observations are printed for one sentence.
const TOLD: usize = 4;

/// What is known of every sentence.
pub struct Report {
    service: String,
    sentences: Vec<Sentence>,
    verdicts: BTreeMap<&'static str, Verdict>,
    stopped: Option<String>,
}

struct Sentence {
    number: &'static str,
    text: String,
    /// Whether it can be seen from outside.
    is_visible: bool,
}

#[derive(Default)]
struct Verdict {
    looks: usize,
    /// What was seen where it held.
    seen: Vec<String>,
    failures: Vec<String>,
    /// Why it could not be looked at.
    unseen: Option<String>,
}

impl Report {
    /// Starts with nothing known.
    pub fn new(service: &str) -> Report {
        Report {
            service: service.to_owned(),
            sentences: sentences(),
            verdicts: BTreeMap::new(),
            stopped: None,
        }
    }

    /// Takes down one look at a sentence, and what was seen.
    ///
    /// # Panics
    /// When there is no such sentence.
    pub fn look(&mut self, number: &str, holds: bool, seen: impl Into<String>) {
        let verdict = self.verdict(number);
        verdict.looks += 1;
        let list = if holds { &mut verdict.seen } else { &mut verdict.failures };
        let seen = seen.into();
        if list.len() < TOLD && !list.contains(&seen) {
            list.push(seen);
        }
    }

    /// Takes down why a sentence cannot be looked at here.
    pub fn cannot(&mut self, number: &str, why: &str) {
        self.verdict(number).unseen.get_or_insert_with(|| why.to_owned());
    }

    /// Takes down that the service could not be spoken to any more.
    pub fn stopped(&mut self, why: &str) {
        self.stopped = Some(why.to_owned());
    }

    fn verdict(&mut self, number: &str) -> &mut Verdict {
        let sentence = self.sentences.iter().find(|sentence| sentence.number == number);
        let sentence =
            sentence.unwrap_or_else(|| panic!("docs/service-contract.md has no {number}"));
        self.verdicts.entry(sentence.number).or_default()
    }

    /// Returns whether every sentence that can be seen was looked at and holds, or could not be
    /// looked at for a reason.
    pub fn is_kept(&self) -> bool {
        let is_kept = |verdict: &Verdict| {
            verdict.failures.is_empty() && (verdict.looks > 0 || verdict.unseen.is_some())
        };
        let visible = self.sentences.iter().filter(|sentence| sentence.is_visible);
        self.stopped.is_none()
            && visible
                .map(|sentence| self.verdicts.get(sentence.number))
                .all(|one| one.is_some_and(is_kept))
    }

    /// Returns the report for people: a line a sentence.
    pub fn text(&self, verbose: bool) -> String {
        let mut text = format!("{}\n", self.service);
        let mut counts = [0; 4];
        for sentence in self.sentences.iter().filter(|sentence| sentence.is_visible) {
            let verdict = self.verdicts.get(sentence.number);
            let (word, details): (_, &[String]) = match verdict {
                Some(verdict) if !verdict.failures.is_empty() => ("BROKEN", &verdict.failures),
                Some(verdict) if verdict.looks > 0 => {
                    ("holds", if verbose { &verdict.seen } else { &[] })
                }
                Some(Verdict { unseen: Some(why), .. }) => ("not seen", std::slice::from_ref(why)),
                _ => ("NOT ASKED", &[]),
            };
            counts[["holds", "not seen", "BROKEN", "NOT ASKED"]
                .iter()
                .position(|one| *one == word)
                .unwrap_or(0)] += 1;
            let _ = writeln!(text, "  {word:9} {:14} {}", sentence.number, sentence.text);
            for detail in details {
                let _ = writeln!(text, "            {:14} → {detail}", "");
            }
        }
        let [holds, unseen, broken, unasked] = counts;
        if let Some(why) = &self.stopped {
            let _ = writeln!(text, "  stopped: {why}");
        }
        let _ = writeln!(
            text,
            "{}: {holds} sentences hold, {broken} broken, {unseen} not seen, {unasked} not asked",
            self.service
        );
        text
    }
}

/// Returns the sentences of the document, in its order; of each the beginning, as one line.
fn sentences() -> Vec<Sentence> {
    let mut found = Vec::new();
    for (start, _) in CONTRACT.match_indices("\n- **C-") {
        let rest = &CONTRACT[start + "\n- **".len()..];
        let (number, rest) = rest.split_once("** ").expect("a number is closed");
        let end =
            rest.find("\n- **").unwrap_or(rest.len()).min(rest.find("\n\n").unwrap_or(rest.len()));
        let whole = rest[..end].split_whitespace().collect::<Vec<_>>().join(" ");
        let (is_visible, whole) = match whole.strip_prefix("◇ ") {
            Some(hidden) => (false, hidden.to_owned()),
            None => (true, whole),
        };
        let end = whole.find(". ").map_or(whole.len(), |end| end + 1);
        found.push(Sentence { number, text: whole[..end].to_owned(), is_visible });
    }
    found
}
