//! Lists of values for IN, in few lengths, so that each statement is prepared once.

/// The most values of one list.
const LONGEST: usize = 1000;

/// Cuts values into lists, each [`padded`].
pub fn lists<T: Clone>(values: &[T]) -> impl Iterator<Item = Vec<T>> {
    values.chunks(LONGEST).map(|values| padded(values.to_vec()))
}

/// Returns a list whose last value is repeated until their number is a power of two.
pub fn padded<T: Clone>(mut values: Vec<T>) -> Vec<T> {
    if let Some(last) = values.last().cloned() {
        values.resize(values.len().next_power_of_two(), last);
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_have_few_lengths_and_name_nothing_new() {
        for length in 1..=LONGEST {
            let values = padded((0..length).collect());
            assert!(values.len().is_power_of_two());
            assert_eq!(values.last(), Some(&(length - 1)));
        }
        assert!(padded::<usize>(vec![]).is_empty());
    }

    #[test]
    fn lists_leave_nothing_out() {
        let all: Vec<usize> = (0..2 * LONGEST + 1).collect();
        let mut listed: Vec<usize> = lists(&all).flatten().collect();
        listed.dedup();
        assert_eq!(listed, all);
        assert_eq!(lists::<usize>(&[]).count(), 0);
    }
}
