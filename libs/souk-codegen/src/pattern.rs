//! Reads the regular expressions of the contract. The simple ones, which are nearly all (TypeIDs,
//! currency codes), become a walk over the bytes; the others are compiled once when they are first
//! needed.

use regex_syntax::hir::{Class, Hir, HirKind, Look};

/// A pattern as the generated code checks it.
#[derive(Debug, PartialEq, Eq)]
pub enum Pattern {
    /// A fixed beginning, and then steps of (set of ASCII characters, at least, at most); nothing
    /// before and nothing after.
    Sequence { prefix: String, steps: Vec<(u128, u64, u64)> },
    /// Anything else.
    Regex,
}

/// Reads a pattern.
///
/// # Errors
/// Text that says what is wrong with it.
pub fn read(text: &str) -> Result<Pattern, String> {
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        if character == '\\' && characters.next().is_some_and(|next| "dDwWsSbB".contains(next)) {
            return Err(
                "uses \\d, \\w, \\s or \\b, which mean different things in different languages; write the characters"
                    .to_owned(),
            );
        }
    }
    let hir = regex_syntax::parse(text)
        .map_err(|error| format!("is not a regular expression: {error}"))?;
    Ok(sequence(&hir).unwrap_or(Pattern::Regex))
}

fn sequence(hir: &Hir) -> Option<Pattern> {
    let HirKind::Concat(parts) = hir.kind() else {
        return None;
    };
    let [first, middle @ .., last] = parts.as_slice() else {
        return None;
    };
    if !matches!(first.kind(), HirKind::Look(Look::Start))
        || !matches!(last.kind(), HirKind::Look(Look::End))
    {
        return None;
    }

    let mut prefix = String::new();
    let mut steps = Vec::new();
    for (index, part) in middle.iter().enumerate() {
        match part.kind() {
            HirKind::Literal(literal) if index == 0 => {
                prefix.push_str(str::from_utf8(&literal.0).ok()?)
            }
            HirKind::Literal(literal) => {
                for &byte in &literal.0 {
                    steps.push((bit(byte)?, 1, 1));
                }
            }
            HirKind::Repetition(repetition) => {
                let max = repetition.max.map_or(u64::from(u32::MAX), u64::from);
                steps.push((set(&repetition.sub)?, repetition.min.into(), max));
            }
            _ => steps.push((set(part)?, 1, 1)),
        }
    }
    // A step gives nothing back, so a step of variable length must stop where the next one begins.
    let is_exact = steps
        .windows(2)
        .all(|pair| pair[0].1 == pair[0].2 || (pair[0].0 & pair[1].0 == 0 && pair[1].1 > 0));
    is_exact.then_some(Pattern::Sequence { prefix, steps })
}

/// Returns the set of ASCII characters that one step may take.
fn set(hir: &Hir) -> Option<u128> {
    match hir.kind() {
        HirKind::Literal(literal) => match *literal.0 {
            [byte] => bit(byte),
            _ => None,
        },
        HirKind::Class(Class::Unicode(class)) => class.ranges().iter().try_fold(0, |set, range| {
            let start = u8::try_from(range.start()).ok()?;
            let end = u8::try_from(range.end()).ok()?;
            (start..=end).try_fold(set, |set: u128, byte| Some(set | bit(byte)?))
        }),
        HirKind::Class(Class::Bytes(class)) => class.ranges().iter().try_fold(0, |set, range| {
            (range.start()..=range.end()).try_fold(set, |set: u128, byte| Some(set | bit(byte)?))
        }),
        _ => None,
    }
}

fn bit(byte: u8) -> Option<u128> {
    byte.is_ascii().then(|| 1 << byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steps(text: &str) -> Option<(String, Vec<(u64, u64)>)> {
        match read(text).unwrap() {
            Pattern::Sequence { prefix, steps } => {
                Some((prefix, steps.iter().map(|step| (step.1, step.2)).collect()))
            }
            Pattern::Regex => None,
        }
    }

    #[test]
    fn simple_patterns_become_steps() {
        assert_eq!(
            steps("^order_[0-7][0-9a-hjkmnp-tv-z]{25}$"),
            Some(("order_".into(), vec![(1, 1), (25, 25)]))
        );
        assert_eq!(steps("^[A-Z]{3}$"), Some((String::new(), vec![(3, 3)])));
        assert_eq!(
            steps("^[a-z]+-[0-9]{1,3}$"),
            Some((String::new(), vec![(1, u64::from(u32::MAX)), (1, 1), (1, 3)]))
        );
    }

    #[test]
    fn what_a_walk_without_backtracking_could_get_wrong_stays_a_regex() {
        for text in
            ["[A-Z]{3}", "^a", "^[a-z]*[a-c]$", "^(a|bc)$", "^[^a]$", "^ä[a-z]ö$", "^a[0-9]?b?c$"]
        {
            assert_eq!(steps(text), None, "{text}");
        }
    }

    #[test]
    fn bad_patterns_are_refused() {
        assert!(read("^[a-z$").unwrap_err().contains("not a regular expression"));
        assert!(read(r"^\d+$").unwrap_err().contains(r"\d"));
        assert!(read(r"^\\d$").is_ok());
    }
}
