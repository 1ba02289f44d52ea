//! Linked chains: which stretches of a batch succeed or fail as a whole.

use std::ops::Range;

/// A stretch of a batch: one element alone, or a chain from the first that says `linked` to the
/// first that does not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chain {
    /// The indexes of its elements in the batch; never empty.
    pub range: Range<usize>,
    /// The batch ended while its last element still said `linked`.
    pub is_open: bool,
}

/// Cuts a batch into chains, in order and without gaps.
pub fn chains<T>(batch: &[T], is_linked: impl Fn(&T) -> bool) -> impl Iterator<Item = Chain> {
    let mut start = 0;
    std::iter::from_fn(move || {
        let rest = batch.get(start..).filter(|rest| !rest.is_empty())?;
        let (end, is_open) = match rest.iter().position(|element| !is_linked(element)) {
            Some(last) => (start + last + 1, false),
            None => (batch.len(), true),
        };
        let chain = Chain { range: start..end, is_open };
        start = end;
        Some(chain)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(linked: &[bool]) -> Vec<(Range<usize>, bool)> {
        chains(linked, |is_linked| *is_linked).map(|chain| (chain.range, chain.is_open)).collect()
    }

    #[test]
    fn a_chain_ends_with_the_first_element_that_is_not_linked() {
        assert_eq!(cut(&[]), []);
        assert_eq!(cut(&[false, false]), [(0..1, false), (1..2, false)]);
        assert_eq!(
            cut(&[false, true, true, false, false]),
            [(0..1, false), (1..4, false), (4..5, false)]
        );
    }

    #[test]
    fn a_chain_without_an_end_is_open() {
        assert_eq!(cut(&[false, true, true]), [(0..1, false), (1..3, true)]);
        assert_eq!(cut(&[true]), [(0..1, true)]);
    }
}
