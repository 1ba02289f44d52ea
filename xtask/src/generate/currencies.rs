//! The table of currencies, proto/currencies.csv, as code of each client that cannot read it.

use std::{fs, path::Path};

use crate::{
    failure::{Doing, Failure, Outcome},
    generate::write,
    workspace::Workspace,
};

/// The digits of each currency's minor unit, one `CODE,DIGITS` a line below the header, by code.
const TABLE: &str = "proto/currencies.csv";
const TYPESCRIPT: &str = "clients/typescript/src/gen/currencies.ts";
const PYTHON: &str = "clients/python/src/souk_client/currencies.py";

/// The files that this makes outside the folders of generated code.
pub const FILES: [&str; 1] = [PYTHON];

/// Writes the files below `out`.
pub fn make(workspace: &Workspace, out: &Path) -> Outcome {
    let text = fs::read_to_string(workspace.root.join(TABLE))
        .doing(format_args!("read the currencies from {TABLE}"))?;
    let currencies = read(&text)?;
    write(out, TYPESCRIPT, &typescript(&currencies))?;
    write(out, PYTHON, &python(&currencies))
}

/// Returns each code with its digits.
fn read(text: &str) -> Outcome<Vec<(&str, u8)>> {
    let mut lines = text.lines();
    if lines.next() != Some("code,digits") {
        return Err(Failure::new(format!("{TABLE} must start with code,digits")));
    }
    let mut currencies: Vec<(&str, u8)> = vec![];
    for line in lines {
        let currency = currency(line).ok_or_else(|| {
            Failure::new(format!("{TABLE}: {line:?} must be a code and its digits, as in GBP,2"))
        })?;
        if currencies.last().is_some_and(|last| last.0 >= currency.0) {
            let problem = format!("{TABLE}: {} must come once, in the order of codes", currency.0);
            return Err(Failure::new(problem));
        }
        currencies.push(currency);
    }
    Ok(currencies)
}

/// Returns the code and the digits of a line; ISO 4217 has none with more than 4.
fn currency(line: &str) -> Option<(&str, u8)> {
    let (code, digits) = line.split_once(',')?;
    let is_code = code.len() == 3 && code.bytes().all(|letter| letter.is_ascii_uppercase());
    let digits = digits.parse().ok().filter(|digits| *digits <= 4)?;
    is_code.then_some((code, digits))
}

fn typescript(currencies: &[(&str, u8)]) -> String {
    let rows = currencies.iter().map(|(code, digits)| format!("  [\"{code}\", {digits}],\n"));
    format!(
        "// Made by `cargo xtask gen` from {TABLE}.\n\
         /** The digits of the minor unit of each active currency of ISO 4217, by its code. */\n\
         export const DIGITS: ReadonlyMap<string, number> = new Map([\n{}]);\n",
        rows.collect::<String>()
    )
}

fn python(currencies: &[(&str, u8)]) -> String {
    let rows = currencies.iter().map(|(code, digits)| format!("        \"{code}\": {digits},\n"));
    format!(
        "\"\"\"The currencies of ISO 4217. Made by `cargo xtask gen` from {TABLE}.\"\"\"\n\n\
         from collections.abc import Mapping\n\
         from types import MappingProxyType\n\
         from typing import Final\n\n\
         DIGITS: Final[Mapping[str, int]] = MappingProxyType(\n    {{\n{}    }}\n)\n\
         \"\"\"The digits of the minor unit of each active currency, by its code.\"\"\"\n",
        rows.collect::<String>()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_client_has_every_line_of_the_table() {
        let currencies = read("code,digits\nGBP,2\nJPY,0\n").unwrap();
        assert_eq!(currencies, [("GBP", 2), ("JPY", 0)]);
        let made = typescript(&currencies);
        assert!(made.ends_with("new Map([\n  [\"GBP\", 2],\n  [\"JPY\", 0],\n]);\n"), "{made}");
        let made = python(&currencies);
        assert!(made.contains("\n        \"GBP\": 2,\n        \"JPY\": 0,\n    }\n)\n"), "{made}");
    }

    #[test]
    fn a_line_that_is_no_currency_or_out_of_order_is_refused() {
        for line in ["gbp,2", "GB,2", "GBPX,2", "GBP", "GBP,", "GBP,5", "GBP,-1", "", "GBP,2,3"] {
            let failure = read(&format!("code,digits\n{line}\n")).unwrap_err().to_string();
            assert!(failure.contains("must be a code and its digits"), "{line}: {failure}");
        }
        for lines in ["JPY,0\nGBP,2", "GBP,2\nGBP,2"] {
            assert!(read(&format!("code,digits\n{lines}\n")).is_err(), "{lines}");
        }
        assert!(read("GBP,2\n").is_err());
    }
}
