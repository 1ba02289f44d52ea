//! The sentences of docs/service-contract.md, and which of them are to be asked.

/// The document.
const CONTRACT: &str = include_str!("../../../docs/service-contract.md");

/// One sentence.
#[derive(Clone, Debug)]
pub struct Sentence {
    /// `C-ERROR-4`
    pub number: &'static str,
    /// How it begins, in one line.
    pub text: String,
    /// Whether it can be observed from outside.
    pub is_visible: bool,
}

/// Returns the sentences of the document, in its order.
pub fn all() -> Vec<Sentence> {
    let starts = CONTRACT.match_indices("\n- **C-");
    starts.map(|(start, _)| sentence(&CONTRACT[start + "\n- **".len()..])).collect()
}

/// Reads the sentence that a text begins with.
fn sentence(text: &'static str) -> Sentence {
    let (number, rest) = text.split_once("** ").expect("a number is closed");
    let next = rest.find("\n- **").unwrap_or(rest.len());
    let paragraph = rest.find("\n\n").unwrap_or(rest.len());
    let whole = rest[..next.min(paragraph)].split_whitespace().collect::<Vec<_>>().join(" ");
    let hidden = whole.strip_prefix("◇ ");
    let is_visible = hidden.is_none();
    let whole = hidden.unwrap_or(&whole);
    let end = whole.find(". ").map_or(whole.len(), |end| end + 1);
    Sentence { number, text: whole[..end].to_owned(), is_visible }
}

/// The sentences that are asked: all, or those whose number begins with one of some prefixes.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    prefixes: Vec<String>,
}

impl Selection {
    /// Selects the sentences under these prefixes, such as `C-ERROR` or `C-ERROR-4`; all when there
    /// are none.
    ///
    /// # Errors
    /// When no sentence has such a number; the text says what there is.
    pub fn new(prefixes: &[String]) -> Result<Selection, String> {
        let prefixes: Vec<String> = prefixes.iter().map(|prefix| prefix.to_uppercase()).collect();
        let all = all();
        for prefix in &prefixes {
            if !all.iter().any(|sentence| begins_with(sentence.number, prefix)) {
                return Err(format!(
                    "\"{prefix}\" begins no number of a sentence; use one such as C-ERROR or \
                     C-ERROR-4 (docs/service-contract.md)"
                ));
            }
        }
        Ok(Selection { prefixes })
    }

    /// Returns whether a sentence is asked.
    pub fn has(&self, number: &str) -> bool {
        self.prefixes.is_empty() || self.prefixes.iter().any(|prefix| begins_with(number, prefix))
    }
}

/// Returns whether a number is a prefix or is below it: `C-ERROR-4` is below `C-ERROR`, and
/// `C-ERROR-10` is not below `C-ERROR-1`.
pub fn begins_with(number: &str, prefix: &str) -> bool {
    let rest = number.strip_prefix(prefix);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn selected(prefixes: &[&str]) -> Vec<&'static str> {
        let prefixes: Vec<String> = prefixes.iter().map(|prefix| (*prefix).to_owned()).collect();
        let selection = Selection::new(&prefixes).unwrap();
        let numbers = all().into_iter().map(|sentence| sentence.number);
        numbers.filter(|number| selection.has(number)).collect()
    }

    #[test]
    fn the_document_has_sentences_with_numbers_that_are_all_different() {
        let mut numbers: Vec<&str> = all().iter().map(|sentence| sentence.number).collect();
        assert!(numbers.len() > 80, "{numbers:?}");
        numbers.sort_unstable();
        let count = numbers.len();
        numbers.dedup();
        assert_eq!(numbers.len(), count);
    }

    #[test]
    fn a_prefix_selects_whole_words() {
        assert_eq!(selected(&["C-ERROR-1"]), ["C-ERROR-1"]);
        assert!(selected(&["c-error"]).contains(&"C-ERROR-10"));
        assert!(selected(&["C-ERROR", "C-HEALTH-2"]).contains(&"C-HEALTH-2"));
        assert_eq!(selected(&[]).len(), all().len());
    }

    #[test]
    fn a_prefix_of_nothing_is_refused() {
        for prefix in ["C-ERR", "error", "C-ERROR-99", ""] {
            let refused = Selection::new(&[prefix.to_owned()]).unwrap_err();
            assert!(refused.contains(&prefix.to_uppercase()), "{refused}");
        }
    }
}
