//! Statements for many rows at once, in few shapes, so that each is prepared once.

/// How many rows or values one statement takes: the largest that fits, again and again.
const SIZES: [usize; 4] = [1000, 100, 10, 1];

/// Cuts a slice into pieces of the few sizes that statements have.
pub(super) fn pieces<T>(mut rest: &[T]) -> impl Iterator<Item = &[T]> {
    std::iter::from_fn(move || {
        let size = *SIZES.iter().find(|size| **size <= rest.len())?;
        let (piece, after) = rest.split_at(size);
        rest = after;
        Some(piece)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_have_few_sizes_and_leave_nothing_out() {
        let all: Vec<usize> = (0..2345).collect();
        let sizes: Vec<usize> = pieces(&all).map(<[usize]>::len).collect();
        assert_eq!(sizes, [1000, 1000, 100, 100, 100, 10, 10, 10, 10, 1, 1, 1, 1, 1]);
        assert_eq!(pieces(&all).flatten().copied().collect::<Vec<_>>(), all);
        assert_eq!(pieces::<usize>(&[]).count(), 0);
    }
}
