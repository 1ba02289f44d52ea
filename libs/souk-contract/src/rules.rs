//! The checks that generated validators call. Each returns whether a value satisfies a rule; none
//! allocates unless it says so.

use std::collections::HashSet;
use std::hash::Hash;
use std::sync::LazyLock;

pub use regex::Regex;

/// One step of a simple pattern: between `min` and `max` ASCII characters of a set, whose bit *n*
/// represents the character *n*.
#[derive(Debug, Clone, Copy)]
pub struct Step {
    /// The set of characters.
    pub set: u128,
    /// At least this many.
    pub min: usize,
    /// At most this many.
    pub max: usize,
}

/// Returns whether the whole text is these steps, one after another. Each step takes as much as it
/// can and gives nothing back, so only the last may have a variable length (the generator sees to
/// it).
#[inline]
pub fn is_sequence(text: &str, steps: &[Step]) -> bool {
    let mut rest = text.as_bytes();
    for step in steps {
        let taken = rest
            .iter()
            .take(step.max)
            .take_while(|&&byte| byte < 128 && step.set >> byte & 1 == 1)
            .count();
        if taken < step.min {
            return false;
        }
        rest = &rest[taken..];
    }
    rest.is_empty()
}

/// Returns the number of characters if it is not from `min` to `max`. Counts only where the number
/// of bytes leaves a doubt.
#[inline]
pub fn chars_outside(text: &str, min: usize, max: usize) -> Option<usize> {
    let bytes = text.len();
    if bytes.div_ceil(4) >= min && bytes <= max {
        return None;
    }
    let chars = text.chars().count();
    (chars < min || chars > max).then_some(chars)
}

/// Returns whether no item occurs twice. Allocates a set when there are more than a few.
pub fn is_unique<T: Eq + Hash>(items: &[T]) -> bool {
    if items.len() <= 8 {
        return items.iter().enumerate().all(|(index, item)| !items[..index].contains(item));
    }
    let mut seen = HashSet::with_capacity(items.len());
    items.iter().all(|item| seen.insert(item))
}

/// Returns whether every path of a field mask is one of `allowed` or lies below one of them.
pub fn is_mask_within(paths: &[String], allowed: &[&str]) -> bool {
    paths.iter().all(|path| {
        allowed.iter().any(|one| {
            path.strip_prefix(one).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        })
    })
}

/// Returns whether seconds and nanoseconds are a `google.protobuf.Timestamp`: from the year 1 to
/// the year 9999.
#[inline]
pub fn is_timestamp(seconds: i64, nanos: i32) -> bool {
    (-62_135_596_800..=253_402_300_799).contains(&seconds) && (0..=999_999_999).contains(&nanos)
}

/// Returns whether seconds and nanoseconds are a `google.protobuf.Duration`: about 10,000 years in
/// either direction, both numbers of the same sign.
#[inline]
pub fn is_duration(seconds: i64, nanos: i32) -> bool {
    (-315_576_000_000..=315_576_000_000).contains(&seconds)
        && (-999_999_999..=999_999_999).contains(&nanos)
        && (seconds == 0 || nanos == 0 || (seconds < 0) == (nanos < 0))
}

/// Returns whether the text is an e-mail address as the HTML standard defines it.
pub fn is_email(text: &str) -> bool {
    static EMAIL: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"^[a-zA-Z0-9.!#$%&'*+/=?^_`{|}~-]+@[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)*$",
        )
    });
    EMAIL.is_match(text)
}

/// Returns whether the text is a UUID of 32 hexadecimal digits with dashes at the usual places.
pub fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(index, byte)| match index {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

/// Returns whether the text is an absolute URI of RFC 3986: a scheme, and then only allowed
/// characters and percent-encodings.
pub fn is_uri(text: &str) -> bool {
    static URI: LazyLock<Regex> = LazyLock::new(|| {
        let unit = r"(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2})";
        let host = r"(?:\[[0-9A-Fa-fvV:.%A-Za-z0-9_~!$&'()*+,;=-]+\]|(?:[A-Za-z0-9._~!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*)";
        let user = r"(?:[A-Za-z0-9._~!$&'()*+,;=:-]|%[0-9A-Fa-f]{2})*@";
        pattern(&format!(
            r"^[A-Za-z][A-Za-z0-9+.-]*:(?://(?:{user})?{host}(?::[0-9]*)?(?:/{unit}*)*|/(?:{unit}+(?:/{unit}*)*)?|{unit}+(?:/{unit}*)*|)(?:\?(?:{unit}|[/?])*)?(?:#(?:{unit}|[/?])*)?$"
        ))
    });
    URI.is_match(text)
}

/// Compiles a pattern of the contract, which the generator has read before.
pub fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("the generator has parsed the pattern")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steps(parts: &[(&str, usize, usize)]) -> Vec<Step> {
        parts
            .iter()
            .map(|(chars, min, max)| Step {
                set: chars.bytes().fold(0, |set, byte| set | 1 << byte),
                min: *min,
                max: *max,
            })
            .collect()
    }

    #[test]
    fn a_sequence_takes_the_whole_text_and_nothing_else() {
        let currency = steps(&[("ABCDEFGHIJKLMNOPQRSTUVWXYZ", 3, 3)]);
        assert!(is_sequence("GBP", &currency));
        for wrong in ["", "GB", "GBPX", "gbp", "GB\u{50}\u{301}", "ÄÖÜ"] {
            assert!(!is_sequence(wrong, &currency), "{wrong}");
        }
        let tail = steps(&[("a", 1, 1), ("01", 0, 3)]);
        for (text, expected) in [("a", true), ("a01", true), ("a0101", false), ("b", false)] {
            assert_eq!(is_sequence(text, &tail), expected, "{text}");
        }
    }

    #[test]
    fn characters_are_counted_and_not_bytes() {
        assert_eq!(chars_outside("äöü", 3, 3), None);
        assert_eq!(chars_outside("äö", 3, 5), Some(2));
        assert_eq!(chars_outside("🛒🛒", 0, 1), Some(2));
        assert_eq!(chars_outside("", 1, 5), Some(0));
        assert_eq!(chars_outside("", 0, 0), None);
    }

    #[test]
    fn twins_are_found_in_short_and_long_lists() {
        let long: Vec<u32> = (0..100).collect();
        assert!(is_unique(&long) && is_unique::<u32>(&[]) && is_unique(&["a", "b"]));
        assert!(!is_unique(&["a", "b", "a"]));
        assert!(!is_unique(&[&long[..], &[7]].concat()));
    }

    #[test]
    fn well_known_forms_are_told_from_near_misses() {
        for text in ["a@b", "a.b+c@example.com"] {
            assert!(is_email(text), "{text}");
        }
        for text in ["", "a", "a@", "@b", "a@b..c", "a b@c", "a@b.com "] {
            assert!(!is_email(text), "{text}");
        }
        assert!(is_uuid("550e8400-e29b-41d4-a716-446655440000"));
        assert!(
            !is_uuid("550e8400e29b41d4a716446655440000")
                && !is_uuid("550e8400-e29b-41d4-a716-44665544000g")
        );
        for text in ["https://example.com/a?b=c#d", "urn:isbn:1", "http://[::1]:80/", "mailto:a@b"]
        {
            assert!(is_uri(text), "{text}");
        }
        for text in
            ["", "example.com", "/a", "http://exa mple.com", "http://a/%zz", "http://a#b#c", "1a:b"]
        {
            assert!(!is_uri(text), "{text}");
        }
    }

    #[test]
    fn a_mask_may_name_what_is_allowed_and_what_lies_below() {
        let mask = |paths: &[&str]| paths.iter().map(|path| (*path).to_owned()).collect::<Vec<_>>();
        assert!(is_mask_within(&mask(&["title", "price.amount"]), &["title", "price"]));
        assert!(!is_mask_within(&mask(&["titles"]), &["title", "price"]));
        assert!(is_mask_within(&[], &["title"]));
    }

    #[test]
    fn times_lie_in_the_calendar() {
        for (seconds, nanos) in [(0, 0), (-62_135_596_800, 0), (253_402_300_799, 999_999_999)] {
            assert!(is_timestamp(seconds, nanos), "{seconds} {nanos}");
        }
        for (seconds, nanos) in [
            (-62_135_596_801, 999_999_999),
            (253_402_300_800, 0),
            (0, -1),
            (0, 1_000_000_000),
            (i64::MIN, 0),
            (i64::MAX, i32::MAX),
        ] {
            assert!(!is_timestamp(seconds, nanos), "{seconds} {nanos}");
        }
        for (seconds, nanos) in [(0, -1), (1, 1), (-1, -999_999_999), (315_576_000_000, 0)] {
            assert!(is_duration(seconds, nanos), "{seconds} {nanos}");
        }
        for (seconds, nanos) in [
            (1, -1),
            (-1, 1),
            (0, 1_000_000_000),
            (315_576_000_001, 0),
            (i64::MIN, 0),
            (i64::MAX, 0),
        ] {
            assert!(!is_duration(seconds, nanos), "{seconds} {nanos}");
        }
    }
}
