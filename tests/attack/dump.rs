//! What a shop has written down: every row of every database of its data folder.

use std::collections::BTreeMap;
use std::fs;
use std::sync::Mutex;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags};
use souk_testkit::{ChildShop, eventually};

use crate::shop::LIMIT;

/// How often the rows must be the same one after the other before the shop counts as at rest.
const LOOKS: u32 = 5;

/// Tables that change while nobody calls: how many writes the file has seen, and how far the
/// consumers of events have come.
const BOOKKEEPING: [&str; 4] = ["souk_shop", "place", "reader", "souk_inbox"];

/// The rows of a shop at one moment, by database and table, such as `orders/refunds`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Dump(BTreeMap<String, Vec<String>>);

impl Dump {
    /// Reads all rows while the shop runs.
    ///
    /// # Panics
    /// When a database cannot be read.
    pub fn of(shop: &ChildShop) -> Dump {
        let files = fs::read_dir(shop.data()).expect("a shop has a data folder");
        let files = files.map(|file| file.expect("a file").path());
        let mut tables = BTreeMap::new();
        for file in files.filter(|file| file.extension().is_some_and(|end| end == "db")) {
            let database = file.file_stem().expect("a name").to_string_lossy().into_owned();
            let db = Connection::open_with_flags(&file, OpenFlags::SQLITE_OPEN_READ_ONLY);
            let db = db.expect("a database can be opened");
            for table in names_of(&db) {
                if !BOOKKEEPING.contains(&table.as_str()) {
                    tables.insert(format!("{database}/{table}"), rows_of(&db, &table));
                }
            }
        }
        assert!(tables.len() > 40, "a shop has more tables than {:?}", tables.keys());
        Dump(tables)
    }

    /// Reads them when nothing is written any more.
    pub async fn at_rest(shop: &ChildShop) -> Dump {
        let last = Mutex::new((Dump::default(), 0));
        eventually(LIMIT, || async {
            let dump = Dump::of(shop);
            let mut last = last.lock().expect("nobody panics with it");
            let same = if last.0 == dump { last.1 + 1 } else { 0 };
            *last = (dump.clone(), same);
            if same >= LOOKS { Ok(dump) } else { Err("the shop still writes") }
        })
        .await
    }

    /// Returns every row that is in one of them only, with its table.
    pub fn differences(&self, later: &Dump) -> Vec<String> {
        let mut found = vec![];
        for (before, after, sign) in [(self, later, '-'), (later, self, '+')] {
            for (table, rows) in &before.0 {
                let others = after.0.get(table).map_or(&[][..], Vec::as_slice);
                let only = rows.iter().filter(|row| !others.contains(row));
                found.extend(only.map(|row| format!("{sign} {table}: {row}")));
            }
        }
        found
    }

    /// Returns what is different, and is not a row that was added to one of these tables.
    pub fn differences_but_new(&self, later: &Dump, tables: &[&str]) -> Vec<String> {
        let is_new =
            |row: &String| tables.iter().any(|table| row.starts_with(&format!("+ {table}: ")));
        self.differences(later).into_iter().filter(|row| !is_new(row)).collect()
    }
}

fn names_of(db: &Connection) -> Vec<String> {
    let mut names = db
        .prepare("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
        .expect("a database has tables");
    let names = names.query_map([], |row| row.get(0)).expect("their names can be read");
    names.map(|name| name.expect("a name is text")).collect()
}

fn rows_of(db: &Connection, table: &str) -> Vec<String> {
    let mut rows = db.prepare(&format!("SELECT * FROM \"{table}\"")).expect("a table can be read");
    let columns = rows.column_count();
    let row = |row: &rusqlite::Row<'_>| {
        let values = (0..columns).map(|column| row.get_ref(column).map(shown));
        values.collect::<Result<Vec<_>, _>>()
    };
    let mut rows: Vec<String> = rows
        .query_map([], row)
        .expect("rows can be read")
        .map(|row| row.expect("a row can be read").join(", "))
        .collect();
    rows.sort();
    rows
}

fn shown(value: ValueRef<'_>) -> String {
    match value {
        ValueRef::Text(text) => String::from_utf8_lossy(text).into_owned(),
        value => format!("{value:?}"),
    }
}
