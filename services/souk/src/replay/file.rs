//! The retailer's file: its rows, read exactly, and what each of them is.

use std::fmt::Write as _;
use std::path::Path;

use souk_chassis::StartError;
use souk_types::Timestamp;

/// The first bytes of an .xz file.
const XZ_MAGIC: &[u8] = &[0xfd, b'7', b'z', b'X', b'Z', 0];

/// The first bytes of files that people give instead, what they are, and what to do.
const OTHER_FORMATS: [(&[u8], &str); 6] = [
    (&[0x1f, 0x8b], "gzip; unpack it with gunzip, or give .csv or .csv.xz"),
    (b"PK\x03\x04", "a .zip archive or an .xlsx workbook; save the sheet as CSV, UTF-8"),
    (&[0xd0, 0xcf, 0x11, 0xe0], "an .xls workbook; save the sheet as CSV, UTF-8"),
    (&[0x28, 0xb5, 0x2f, 0xfd], "zstd; unpack it, or give .csv or .csv.xz"),
    (&[0xff, 0xfe], "UTF-16; save it as CSV, UTF-8"),
    (&[0xfe, 0xff], "UTF-16; save it as CSV, UTF-8"),
];

/// The columns that are read, by the names of the header.
const COLUMNS: [&str; 7] =
    ["InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID"];

/// The whole file, unpacked.
pub struct Source {
    name: String,
    text: Vec<u8>,
}

/// What a row is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Units of a product that were sold.
    Sale,
    /// Units that a customer brought back.
    Return,
    /// Neither, and why.
    Explained(&'static str),
}

/// One row of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The line of the file it starts in; the header is line 1.
    pub line: u64,
    pub kind: Kind,
    pub invoice: String,
    /// The product code in capital letters.
    pub sku: String,
    pub description: String,
    /// Units; negative when they came back.
    pub quantity: i64,
    /// The price of one unit in pence; 0 unless the row is a sale or a return.
    pub pence: i64,
    /// As the file has it, such as `17850.0`; empty for a guest.
    pub customer: String,
    /// The time of the file, taken as UTC; the epoch unless the row is a sale or a return.
    pub time: Timestamp,
    /// True when the code is one of a product, whatever the row is.
    pub is_product: bool,
}

impl Source {
    /// Reads a .csv or .csv.xz file.
    ///
    /// # Errors
    /// When there is no such file, it cannot be unpacked, or it is something else than CSV.
    pub fn open(path: &Path) -> Result<Source, StartError> {
        let name = path.display().to_string();
        let raw = std::fs::read(path)
            .map_err(|error| StartError::new(format!("cannot read {name}: {error}")))?;
        let text = if raw.starts_with(XZ_MAGIC) {
            let mut text = Vec::new();
            lzma_rs::xz_decompress(&mut raw.as_slice(), &mut text)
                .map_err(|error| StartError::new(format!("cannot unpack {name}: {error:?}")))?;
            text
        } else {
            raw
        };
        match OTHER_FORMATS.iter().find(|(magic, _)| text.starts_with(magic)) {
            Some((_, format)) => Err(StartError::new(format!("{name}: this is {format}"))),
            None => Ok(Source { name, text }),
        }
    }

    /// Reads all rows.
    ///
    /// # Errors
    /// When a column is missing, or a row cannot be read; the message names the column or the line.
    pub fn rows(&self) -> Result<Vec<Row>, StartError> {
        let mut reader = csv::Reader::from_reader(self.text.as_slice());
        let columns = self.columns(&mut reader)?;
        let mut rows = Vec::new();
        self.each_record(reader, |line, record| {
            let fields = columns.map(|column| record.get(column).unwrap_or_default());
            rows.push(read(line, fields).map_err(|what| self.wrong(line, &what))?);
            Ok(())
        })?;
        Ok(rows)
    }

    /// Returns the rows that start in these lines as the file has them, each behind its line
    /// number.
    pub fn quote(&self, lines: &[u64]) -> Result<Vec<String>, StartError> {
        let mut reader = csv::Reader::from_reader(self.text.as_slice());
        reader.headers()?;
        let mut quoted = Vec::with_capacity(lines.len());
        self.each_record(reader, |line, record| {
            if lines.binary_search(&line).is_ok() {
                quoted.push(format!("{line:>8}  {}", record.iter().collect::<Vec<_>>().join(", ")));
            }
            Ok(())
        })?;
        Ok(quoted)
    }

    /// Gives every record behind the header to `take`, with the line it starts in.
    fn each_record(
        &self,
        mut reader: csv::Reader<&[u8]>,
        mut take: impl FnMut(u64, &csv::StringRecord) -> Result<(), StartError>,
    ) -> Result<(), StartError> {
        let header =
            reader.headers().map_err(|error| self.wrong(1, &describe(&error, None)))?.clone();
        let mut lines = Lines { text: &self.text, at: 0, line: 1 };
        let mut record = csv::StringRecord::new();
        loop {
            let line = lines.of_record_behind(reader.position().byte());
            let start = lines.at;
            let outcome = reader.read_record(&mut record);
            // A quote that is never closed takes everything behind it into its field, so that the
            // file ends with it.
            if reader.position().byte() >= self.text.len() as u64
                && let Some(field) = open_quote(&self.text[start..])
            {
                let column = header.get(field).unwrap_or("last column");
                return Err(
                    self.wrong(line, &format!("the quote that opens {column} is never closed"))
                );
            }
            match outcome {
                Ok(true) => take(line, &record)?,
                Ok(false) => return Ok(()),
                Err(error) => return Err(self.wrong(line, &describe(&error, Some(&header)))),
            }
        }
    }

    fn columns(&self, reader: &mut csv::Reader<&[u8]>) -> Result<[usize; 7], StartError> {
        let header = reader.headers().map_err(|error| self.wrong(1, &describe(&error, None)))?;
        if header.len() == 1
            && let Some(mark) = [';', '\t', '|'].into_iter().find(|mark| header[0].contains(*mark))
        {
            let what =
                format!("the columns are separated by {mark:?}; they must be separated by commas");
            return Err(self.wrong(1, &what));
        }
        let mut columns = [0; 7];
        for (column, name) in columns.iter_mut().zip(COLUMNS) {
            let found = header.iter().position(|field| field == name);
            *column = found.ok_or_else(|| {
                let has = header.iter().collect::<Vec<_>>().join(", ");
                StartError::new(format!(
                    "{}: the header has no column {name}; it has {has}",
                    self.name
                ))
            })?;
        }
        Ok(columns)
    }

    fn wrong(&self, line: u64, what: &str) -> StartError {
        StartError::new(format!("{}, line {line}: {what}", self.name))
    }
}

/// Returns the bytes in hexadecimal.
pub fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Counts lines. The reader's own count is one behind where lines end in CR LF, because its records
/// end at the CR.
struct Lines<'a> {
    text: &'a [u8],
    at: usize,
    line: u64,
}

impl Lines<'_> {
    /// Returns the line in which the next record at or behind `byte` starts; `byte` never falls.
    fn of_record_behind(&mut self, byte: u64) -> u64 {
        let byte = usize::try_from(byte).unwrap_or(usize::MAX);
        while let Some(letter) = self.text.get(self.at)
            && (self.at < byte || matches!(letter, b'\r' | b'\n'))
        {
            self.line += u64::from(*letter == b'\n');
            self.at += 1;
        }
        self.line
    }
}

/// Says what is wrong with a record. `header` names the columns once it is known.
fn describe(error: &csv::Error, header: Option<&csv::StringRecord>) -> String {
    let column = |field: usize| header.and_then(|header| header.get(field));
    match error.kind() {
        csv::ErrorKind::Utf8 { err, .. } => {
            format!(
                "{} is not UTF-8; save the file as CSV, UTF-8",
                column(err.field()).unwrap_or("it")
            )
        }
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            let missing = usize::try_from(*len).ok().and_then(column);
            let missing = missing.map_or(String::new(), |column| format!(": {column} is missing"));
            format!("it has {len} fields, but the header has {expected_len}{missing}")
        }
        _ => error.to_string(),
    }
}

/// Returns the number of the field, from 0, whose quote is still open at the end of `text`, which
/// starts with a record.
fn open_quote(text: &[u8]) -> Option<usize> {
    let mut field = 0;
    let mut is_start = true;
    let mut is_quoted = false;
    let mut bytes = text.iter().peekable();
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' if is_quoted => is_quoted = bytes.next_if(|next| **next == b'"').is_some(),
            _ if is_quoted => {}
            b'"' if is_start => is_quoted = true,
            b',' => field += 1,
            b'\r' | b'\n' => field = 0,
            _ => {}
        }
        is_start = !is_quoted && matches!(byte, b',' | b'\r' | b'\n');
    }
    is_quoted.then_some(field)
}

/// Reads one row. Its kind is decided by these questions in this order, as `expect.py` asks them.
fn read(line: u64, fields: [&str; 7]) -> Result<Row, String> {
    let [invoice, code, description, quantity, date, price, customer] = fields;
    let Some(first) = invoice.chars().next() else {
        return Err("InvoiceNo is empty".to_owned());
    };
    let sku = code.to_uppercase();
    let units = number(quantity, 0).ok_or_else(|| {
        format!("Quantity {quantity:?} is not a number of units{}", comma_hint(quantity))
    })?;
    let units =
        units.whole.ok_or_else(|| format!("Quantity {quantity:?} is not a whole number"))?;
    let price = number(price, 2).ok_or_else(|| {
        format!("UnitPrice {price:?} is not an amount like 2.55{}", comma_hint(price))
    })?;

    let is_product = is_product(&sku);
    let is_sale = first.is_numeric();
    let is_return = first == 'C';
    let kind = match price {
        _ if !is_product => Kind::Explained("not a product"),
        Number { sign: 0, .. } => Kind::Explained("zero price"),
        Number { sign: -1, .. } => Kind::Explained("negative price"),
        Number { whole: None, .. } => Kind::Explained("price below a penny"),
        _ if is_sale && units <= 0 => Kind::Explained("stock adjustment"),
        _ if is_sale => Kind::Sale,
        _ if is_return && units >= 0 => Kind::Explained("cancellation without a return"),
        _ if is_return && customer.is_empty() => Kind::Explained("cancellation by a guest"),
        _ if is_return => Kind::Return,
        _ => Kind::Explained("accounting entry"),
    };
    let (pence, time) = match kind {
        Kind::Explained(_) => (0, Timestamp::from_micros(0)),
        _ => {
            let time = time(date)
                .ok_or_else(|| format!("InvoiceDate {date:?} is not like 2010-12-01 08:26:00"))?;
            (price.whole.unwrap_or_default(), time)
        }
    };
    Ok(Row {
        line,
        kind,
        invoice: invoice.to_owned(),
        sku,
        description: description.to_owned(),
        quantity: units,
        pence,
        customer: customer.to_owned(),
        time,
        is_product,
    })
}

/// Returns what to add when a number has a comma in it.
fn comma_hint(number: &str) -> &'static str {
    if number.contains(',') {
        "; decimals are separated by a point, and thousands by nothing"
    } else {
        ""
    }
}

/// Returns whether a code in capital letters is that of a product: five digits and an optional
/// suffix of letters.
fn is_product(sku: &str) -> bool {
    let bytes = sku.as_bytes();
    bytes.len() >= 5
        && bytes[..5].iter().all(u8::is_ascii_digit)
        && bytes[5..].iter().all(u8::is_ascii_uppercase)
}

/// A decimal number, counted in units of some place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Number {
    /// -1, 0 or 1.
    sign: i8,
    /// How many units; none when it is not a whole number of them.
    whole: Option<i64>,
}

/// The most digits of a number before anything is computed with it.
const MAX_DIGITS: usize = 30;

/// Reads a decimal such as `2.55`, `-3` or `1E-3` in units of `places` behind the point, without
/// rounding.
fn number(text: &str, places: i32) -> Option<Number> {
    let text = text.trim();
    let (is_negative, text) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i16>().ok()?),
        None => (text, 0),
    };
    let (before, behind) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{before}{behind}");
    if digits.is_empty()
        || digits.len() > MAX_DIGITS
        || !digits.bytes().all(|digit| digit.is_ascii_digit())
    {
        return None;
    }
    let value: i128 = digits.parse().ok()?;
    if value == 0 {
        return Some(Number { sign: 0, whole: Some(0) });
    }
    let shift = i32::from(exponent) + places - i32::try_from(behind.len()).ok()?;
    let power = 10_i128.checked_pow(shift.unsigned_abs());
    let whole = match (shift >= 0, power) {
        (true, power) => Some(value.checked_mul(power?)?),
        (false, Some(power)) => (value % power == 0).then_some(value / power),
        (false, None) => None,
    };
    let signed = |value: i128| i64::try_from(if is_negative { -value } else { value });
    // A number too large for 64 bits cannot be read; one with a part of a unit can, and has no
    // whole.
    let whole = whole.map(signed).transpose().ok()?;
    Some(Number { sign: if is_negative { -1 } else { 1 }, whole })
}

/// Reads `2010-12-01 08:26:00` as UTC.
fn time(text: &str) -> Option<Timestamp> {
    let bytes = text.as_bytes();
    let is_shaped = bytes.len() == 19
        && bytes.iter().enumerate().all(|(place, byte)| match place {
            4 | 7 => *byte == b'-',
            10 => *byte == b' ',
            13 | 16 => *byte == b':',
            _ => byte.is_ascii_digit(),
        });
    if !is_shaped {
        return None;
    }
    let time: prost_types::Timestamp = format!("{}T{}Z", &text[..10], &text[11..]).parse().ok()?;
    Timestamp::try_from(time).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(fields: [&str; 7]) -> Result<Row, String> {
        read(2, fields)
    }

    fn kind(invoice: &str, code: &str, quantity: &str, price: &str, customer: &str) -> Kind {
        row([invoice, code, "MUG", quantity, "2010-12-01 08:26:00", price, customer]).unwrap().kind
    }

    #[test]
    fn a_number_is_read_without_rounding() {
        let whole = |text, places| number(text, places).unwrap().whole;
        assert_eq!(whole("2.55", 2), Some(255));
        assert_eq!(whole("2.5500", 2), Some(255));
        assert_eq!(whole("7", 2), Some(700));
        assert_eq!(whole(".5", 2), Some(50));
        assert_eq!(whole("-11062.06", 2), Some(-1_106_206));
        assert_eq!(whole("1.2E1", 2), Some(1200));
        assert_eq!(whole("0.001", 2), None);
        assert_eq!(whole("4.255", 2), None);
        assert_eq!(whole("6.0", 0), Some(6));
        assert_eq!(number("0.000", 2).unwrap().sign, 0);
        assert_eq!(number("-0.001", 2).unwrap().sign, -1);
        assert_eq!(number("1E-300", 2), Some(Number { sign: 1, whole: None }));
        for wrong in ["", "x", "1,50", "--1", "1e", "1E99", "99999999999999999999", "1.2.3"] {
            assert_eq!(number(wrong, 2), None, "{wrong}");
        }
    }

    #[test]
    fn every_kind_of_row_is_told_apart() {
        assert_eq!(kind("536365", "85123a", "6", "2.55", "17850.0"), Kind::Sale);
        assert_eq!(kind("536365", "85123A", "6", "2.55", ""), Kind::Sale);
        assert_eq!(kind("C536365", "85123A", "-6", "2.55", "17850.0"), Kind::Return);
        for (reason, invoice, code, quantity, price, customer) in [
            ("not a product", "536365", "POST", "1", "18.00", "17850.0"),
            ("not a product", "536365", "8512", "1", "18.00", "17850.0"),
            ("not a product", "536365", "85123-A", "1", "18.00", "17850.0"),
            ("not a product", "A536365", "B", "1", "0", ""),
            ("zero price", "536365", "85123A", "-10", "0.0", ""),
            ("negative price", "A536365", "85123A", "1", "-0.001", ""),
            ("price below a penny", "C536365", "85123A", "1", "0.001", ""),
            ("stock adjustment", "536365", "85123A", "0", "2.55", ""),
            ("cancellation without a return", "C536365", "85123A", "1", "2.55", ""),
            ("cancellation by a guest", "C536365", "85123A", "-1", "2.55", ""),
            ("accounting entry", "A536365", "85123A", "1", "2.55", ""),
        ] {
            assert_eq!(kind(invoice, code, quantity, price, customer), Kind::Explained(reason));
        }
    }

    #[test]
    fn a_row_that_cannot_be_read_says_which_field() {
        let error = |quantity, date, price| {
            row(["536365", "85123A", "", quantity, date, price, ""]).unwrap_err()
        };
        assert!(error("six", "2010-12-01 08:26:00", "1").contains("Quantity \"six\""));
        assert!(
            error("2.5", "2010-12-01 08:26:00", "1")
                .contains("Quantity \"2.5\" is not a whole number")
        );
        assert!(error("6", "01/12/2010 08:26", "1").contains("InvoiceDate"));
        assert!(error("6", "2010-13-01 08:26:00", "1").contains("InvoiceDate"));
        assert!(error("6", "2010-12-01 08:26:00", "£1").contains("UnitPrice"));
        assert!(
            row(["", "85123A", "", "6", "2010-12-01 08:26:00", "1", ""])
                .unwrap_err()
                .contains("InvoiceNo")
        );
    }

    #[test]
    fn a_time_is_taken_as_utc() {
        assert_eq!(time("2010-12-01 08:26:00").unwrap().to_string(), "2010-12-01T08:26:00Z");
    }

    #[test]
    fn lines_are_counted_as_an_editor_does_whatever_ends_them() {
        let folder = tempfile::tempdir().unwrap();
        let header = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID";
        let rows = ["1,POST,\"two\nlines\",1,,1,", "", "2,POST,MUG,1,,1,", "3,POST,MUG,1,,1,"];
        for end in ["\n", "\r\n"] {
            let path = folder.path().join("lines.csv");
            std::fs::write(&path, [&[header], rows.as_slice()].concat().join(end)).unwrap();
            let source = Source::open(&path).unwrap();
            let lines: Vec<u64> = source.rows().unwrap().iter().map(|row| row.line).collect();
            assert_eq!(lines, [2, 5, 6], "{end:?}");
            assert_eq!(source.quote(&[5]).unwrap(), ["       5  2, POST, MUG, 1, , 1, "]);
        }
    }

    #[test]
    fn a_file_that_is_none_is_refused_with_a_clear_line() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, text: &[u8]| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            path
        };
        let missing = Source::open(&folder.path().join("nowhere.csv")).err().unwrap().to_string();
        assert!(missing.contains("cannot read") && missing.contains("nowhere.csv"), "{missing}");

        let broken =
            Source::open(&file("broken.csv.xz", b"\xfd7zXZ\0nonsense")).err().unwrap().to_string();
        assert!(broken.contains("cannot unpack"), "{broken}");

        let error = |name, text: &[u8]| {
            Source::open(&file(name, text)).unwrap().rows().unwrap_err().to_string()
        };
        let header = error(
            "header.csv",
            b"InvoiceNo,StockCode,Description,Quantity,InvoiceDate,Price,CustomerID\n",
        );
        assert!(header.contains("no column UnitPrice"), "{header}");

        let good = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID\n\
                    536365,85123A,MUG,6,2010-12-01 08:26:00,2.55,17850.0\n";
        let short = error("short.csv", format!("{good}536366,85123A\n").as_bytes());
        assert!(
            short.contains("line 3: it has 2 fields, but the header has 7: Description is missing"),
            "{short}"
        );
        let bytes = error(
            "bytes.csv",
            &[good.as_bytes(), b"536366,\xff,,1,2010-12-01 08:26:00,1,\n"].concat(),
        );
        assert!(bytes.contains("line 3: StockCode is not UTF-8"), "{bytes}");
        let units = error(
            "units.csv",
            format!("{good}536366,85123A,,x,2010-12-01 08:26:00,1,\n").as_bytes(),
        );
        assert!(units.contains("line 3: Quantity"), "{units}");
        let comma = error(
            "comma.csv",
            format!("{good}536366,85123A,,1,2010-12-01 08:26:00,\"2,55\",\n").as_bytes(),
        );
        assert!(
            comma.contains("line 3: UnitPrice \"2,55\"") && comma.contains("by a point"),
            "{comma}"
        );
        let semicolons = error("semicolons.csv", good.replace(',', ";").as_bytes());
        assert!(semicolons.contains("line 1: the columns are separated by ';'"), "{semicolons}");

        // A quote that is never closed, in the last row or with half of the file behind it.
        let row = "536366,85123A,\"MUG,1,2010-12-01 08:26:00,1,\n";
        for text in [
            format!("{good}{row}"),
            format!("{good}{row}{}", "536367,85123A,MUG,1,,1,\n".repeat(3)),
        ] {
            let quote = error("quote.csv", text.as_bytes());
            assert!(
                quote.contains("line 3: the quote that opens Description is never closed"),
                "{quote}"
            );
        }
    }

    #[test]
    fn a_file_of_another_format_is_named_by_its_first_bytes() {
        let folder = tempfile::tempdir().unwrap();
        for (bytes, said) in [
            (&b"\x1f\x8b\x08\0"[..], "this is gzip"),
            (b"PK\x03\x04\x14\0", "an .xlsx workbook"),
            (b"\xff\xfeI\0n\0v\0", "this is UTF-16"),
            (b"\xfe\xff\0I\0n\0v", "this is UTF-16"),
        ] {
            let path = folder.path().join("other.csv");
            std::fs::write(&path, bytes).unwrap();
            let error = Source::open(&path).err().unwrap().to_string();
            assert!(error.contains(said), "{error}");
        }
    }

    #[test]
    fn a_byte_order_mark_of_utf_8_and_a_quote_within_a_field_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("marked.csv");
        let text = "\u{feff}InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID\n\
                    536365,85123A,5\" NAIL,6,2010-12-01 08:26:00,2.55,17850.0";
        std::fs::write(&path, text).unwrap();
        let rows = Source::open(&path).unwrap().rows().unwrap();
        assert_eq!((rows[0].description.as_str(), rows[0].line), ("5\" NAIL", 2));
    }
}
