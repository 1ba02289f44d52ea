//! Pages of a list: where one starts, how long it is, and the token of the next.

use prost::Message;
use sea_orm::Value;

use super::{Cursor, PageTokens};
use crate::{Db, Error};

/// How many rows a page has when the caller does not say.
const DEFAULT_SIZE: usize = 100;

/// The most bytes that the messages of a page encode to, unless the first one alone is larger: 3
/// MiB. gRPC clients read 4 MiB unless they are set otherwise, and the answer needs some of it for
/// itself.
pub const PAGE_BYTES: usize = 3 << 20;

/// Keeps the first messages that fit into [`PAGE_BYTES`] together, and at least one; returns
/// whether any was dropped. The next page begins with the first that was.
pub fn fit<M: Message>(messages: &mut Vec<M>) -> bool {
    let before = messages.len();
    let mut bytes = 0;
    let fitting = messages.iter().position(|message| {
        let length = message.encoded_len();
        // Its field number and its length stand before it.
        bytes += length + prost::length_delimiter_len(length) + 2;
        bytes > PAGE_BYTES
    });
    messages.truncate(fitting.map_or(before, |fitting| fitting.max(1)));
    messages.len() < before
}

/// One page of one list (AIP-158), as one caller asks for it.
pub struct Page<'a> {
    tokens: &'a PageTokens,
    scope: Vec<String>,
    size: usize,
    /// What sorts the last row of the page before; none on the first page.
    pub after: Option<Cursor>,
}

impl<'a> Page<'a> {
    /// Opens the page that a token names. A token is good for the caller, the method and the filter
    /// it was issued for; any other is [`Error::InvalidPageToken`]. A size of 0 is 100.
    pub fn open(
        db: &'a Db,
        caller: &str,
        method: &str,
        filter: &[&str],
        size: i32,
        token: &str,
    ) -> Result<Self, Error> {
        let mut scope = vec![method.to_owned(), caller.to_owned()];
        scope.extend(filter.iter().map(|part| (*part).to_owned()));
        let tokens = db.page_tokens();
        let after = tokens.open(&borrowed(&scope), token)?;
        let size = usize::try_from(size).ok().filter(|size| *size > 0).unwrap_or(DEFAULT_SIZE);
        Ok(Page { tokens, scope, size, after })
    }

    /// Returns how many rows to read: one more than the page has, to see whether there is another
    /// page.
    pub fn limit(&self) -> i64 {
        self.size as i64 + 1
    }

    /// Makes the messages of a page of the rows that were read, as many as it has by number and by
    /// [`PAGE_BYTES`], and the token of the next page; empty on the last. `sorts_by` gives what the
    /// list is sorted by.
    pub fn close<T, M: Message>(
        &self,
        rows: &[T],
        sorts_by: fn(&T) -> Vec<Value>,
        message: impl Fn(&T) -> M,
    ) -> (Vec<M>, String) {
        let mut messages: Vec<M> = rows.iter().take(self.size).map(message).collect();
        fit(&mut messages);
        if messages.len() == rows.len() {
            return (messages, String::new());
        }
        let last =
            messages.len().checked_sub(1).map(|last| sorts_by(&rows[last])).unwrap_or_default();
        let token = self.tokens.issue(&borrowed(&self.scope), &last);
        (messages, token)
    }
}

fn borrowed(scope: &[String]) -> Vec<&str> {
    scope.iter().map(String::as_str).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_bytes(sizes: &[usize]) -> Vec<Vec<u8>> {
        sizes.iter().map(|size| vec![1; *size]).collect()
    }

    #[test]
    fn a_page_ends_before_it_is_larger_than_a_plain_client_reads() {
        let mut small = of_bytes(&[1000; 1000]);
        assert!(!fit(&mut small));
        assert_eq!(small.len(), 1000);

        let mut large = of_bytes(&[1 << 20; 9]);
        assert!(fit(&mut large));
        // A MiB each, and their framing: the third would be too much.
        assert_eq!(large.len(), 2);

        let mut larger_than_a_page = of_bytes(&[PAGE_BYTES + 1, 1]);
        assert!(fit(&mut larger_than_a_page));
        assert_eq!(larger_than_a_page.len(), 1);
        assert!(!fit(&mut Vec::<Vec<u8>>::new()));
    }

    #[test]
    fn the_next_page_begins_with_the_first_row_that_did_not_fit() {
        let tokens = PageTokens { key: vec![7; 32] };
        let page = Page { tokens: &tokens, scope: vec!["List".to_owned()], size: 100, after: None };
        let rows: Vec<i64> = (0..5).collect();
        let (messages, token) =
            page.close(&rows, |row| vec![(*row).into()], |_| vec![1u8; 1 << 20]);
        assert_eq!(messages.len(), 2);
        assert_eq!(tokens.open(&["List"], &token).unwrap().unwrap().get::<i64>(0), Ok(1));

        let (messages, token) =
            page.close(&rows[4..], |row| vec![(*row).into()], |_| vec![1u8; 1 << 20]);
        assert_eq!((messages.len(), token.as_str()), (1, ""));
    }
}
