//! Pages of a list: where one starts, how long it is, and the token of the next.

use super::{Cursor, PageTokens};
use crate::{Arg, Db, Error};

/// How many rows a page has when the caller does not say.
const DEFAULT_SIZE: usize = 100;

/// One page of one list (AIP-158), as one caller asks for it.
pub struct Page<'a> {
    tokens: &'a PageTokens,
    scope: Vec<String>,
    size: usize,
    /// What sorts the last row of the page before; none on the first page.
    pub after: Option<Cursor>,
}

impl<'a> Page<'a> {
    /// Opens the page that a token names. A token is good for the caller, the method and the filter it was issued for; any
    /// other is [`Error::InvalidPageToken`]. A size of 0 is 100.
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

    /// Returns how many rows to read: one more than the page has, to see whether there is another page.
    pub fn limit(&self) -> i64 {
        self.size as i64 + 1
    }

    /// Cuts the rows that were read to the page, and returns the token of the next; empty on the last. `sorts_by` gives what
    /// the list is sorted by.
    pub fn close<T>(&self, rows: &mut Vec<T>, sorts_by: for<'r> fn(&'r T) -> Vec<Arg<'r>>) -> String {
        if rows.len() <= self.size {
            return String::new();
        }
        rows.truncate(self.size);
        let last = rows.last().map(sorts_by).unwrap_or_default();
        self.tokens.issue(&borrowed(&self.scope), &last)
    }
}

fn borrowed(scope: &[String]) -> Vec<&str> {
    scope.iter().map(String::as_str).collect()
}
