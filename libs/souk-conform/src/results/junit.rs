//! The results as JUnit's XML, which the servers of continuous integration read.

use std::fmt::Write as _;

use crate::results::Observation;
use crate::results::{Outcome, Results, Verdict};

impl Results {
    /// Returns the results as a JUnit document: one test case for each sentence.
    pub fn junit(&self) -> String {
        let subject = escaped(&self.subject);
        let stopped = usize::from(self.stopped.is_some());
        let mut xml = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
             <testsuite name=\"souk conform {subject}\" tests=\"{}\" failures=\"{}\" \
             errors=\"{stopped}\" skipped=\"{}\" time=\"{:.3}\">\n",
            self.verdicts.len() + stopped,
            self.count(Outcome::Broken) + self.missed().len(),
            self.count(Outcome::NotAsked) - self.missed().len(),
            self.seconds,
        );
        for verdict in &self.verdicts {
            add(&mut xml, &subject, verdict);
        }
        if let Some(why) = &self.stopped {
            let _ = writeln!(
                xml,
                "  <testcase classname=\"{subject}\" name=\"the whole run\">\
                 <error message=\"{}\"/></testcase>",
                escaped(why)
            );
        }
        xml.push_str("</testsuite>\n");
        xml
    }
}

fn add(xml: &mut String, subject: &str, verdict: &Verdict) {
    let name = escaped(&format!("{} {}", verdict.number, verdict.text));
    let inner = match (verdict.outcome, &verdict.reason) {
        (Outcome::Holds, _) => String::new(),
        (Outcome::NotAsked, Some(reason)) => format!("<skipped message=\"{}\"/>", escaped(reason)),
        (Outcome::NotAsked, None) => "<failure message=\"nothing was observed\"/>".to_owned(),
        (Outcome::Broken, _) => {
            let all: Vec<String> = verdict.failures.iter().map(lines).collect();
            let first = verdict.failures.first().map_or("", |failure| &failure.came);
            format!(
                "<failure message=\"{}\">{}</failure>",
                escaped(first),
                escaped(&all.join("\n"))
            )
        }
    };
    let _ = writeln!(xml, "  <testcase classname=\"{subject}\" name=\"{name}\">{inner}</testcase>");
}

fn lines(observation: &Observation) -> String {
    let Observation { sent, came, expected } = observation;
    format!("sent: {sent}\ncame: {came}\nexpected: {expected}\n")
}

/// Returns a text as it may be in XML 1.0, which has no control characters but three.
fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\n' | '\t' => escaped.push(letter),
            '\u{fffe}' | '\u{ffff}' => escaped.push('\u{fffd}'),
            control if control.is_control() => escaped.push('\u{fffd}'),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_xml_cannot_hold_is_escaped_or_replaced() {
        assert_eq!(escaped("a<b> & \"c\"\0\r"), "a&lt;b&gt; &amp; &quot;c&quot;\u{fffd}\u{fffd}");
    }
}
