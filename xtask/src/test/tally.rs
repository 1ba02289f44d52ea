//! Reads from the output of a suite how many of its tests passed, which failed, and how long each
//! took.

/// How the tests of a suite went.
#[derive(Default, Debug, PartialEq)]
pub struct Tally {
    pub passed: u64,
    pub ignored: u64,
    /// The names of the tests that failed.
    pub failed: Vec<String>,
    /// Each test that reported how long it took, in seconds.
    pub times: Vec<(f64, String)>,
}

impl Tally {
    /// Reads what a test program of cargo prints. Returns whether it came to its end.
    ///
    /// A test's line reads `test name ... ok <1.234s>`, the last one
    /// `test result: ok. 12 passed; 0 failed; 0 ignored; …`.
    pub fn read_program(&mut self, printed: &str) -> bool {
        let mut is_complete = false;
        for line in printed.lines() {
            let line = without_colours(line);
            if let Some((_, counts)) =
                line.strip_prefix("test result: ").and_then(|result| result.split_once(". "))
            {
                is_complete = true;
                self.passed += count(counts, "passed");
                self.ignored += count(counts, "ignored");
            } else if let Some((name, result)) =
                line.strip_prefix("test ").and_then(|test| test.split_once(" ... "))
            {
                self.read_test(name, result);
            }
        }
        is_complete
    }

    /// Reads what a script prints: the last line says `12 passed, 0 failed`, and a line before
    /// names each check that `FAILED`. Returns whether it came to its end.
    pub fn read_script(&mut self, printed: &str) -> bool {
        let last = printed.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or_default();
        let Some((passed, failed)) = last.trim().split_once(", ") else {
            return false;
        };
        let passed = passed.strip_suffix(" passed").and_then(|number| number.parse::<u64>().ok());
        let failed = failed.strip_suffix(" failed").and_then(|number| number.parse::<usize>().ok());
        let (Some(passed), Some(failed)) = (passed, failed) else {
            return false;
        };
        self.passed += passed;
        let named = printed.lines().filter_map(|line| line.trim().strip_prefix("FAILED"));
        self.failed
            .extend(named.map(|check| check.trim_matches([':', ' ']).to_owned()).take(failed));
        while self.failed.len() < failed {
            self.failed.push("a check that the output names".to_owned());
        }
        true
    }

    fn read_test(&mut self, name: &str, result: &str) {
        // Output of a test that prints while it runs may be between the dots and the result.
        if result.contains("FAILED") {
            self.failed.push(name.to_owned());
        }
        let seconds = result
            .rsplit_once('<')
            .and_then(|(_, time)| time.trim_end().strip_suffix("s>")?.parse().ok());
        if let Some(seconds) = seconds {
            self.times.push((seconds, name.to_owned()));
        }
    }
}

fn count(counts: &str, what: &str) -> u64 {
    let number = counts.split("; ").find_map(|count| count.strip_suffix(what)?.trim().parse().ok());
    number.unwrap_or(0)
}

fn without_colours(line: &str) -> String {
    let mut plain = String::with_capacity(line.len());
    let mut in_escape = false;
    for letter in line.chars() {
        match letter {
            '\u{1b}' => in_escape = true,
            'm' if in_escape => in_escape = false,
            _ if in_escape => {}
            _ => plain.push(letter),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::Tally;

    #[test]
    fn a_program_names_what_failed_and_how_long_each_took() {
        let mut tally = Tally::default();
        let printed = "running 4 tests\ntest order::paying_twice ... ok <0.250s>\ntest order::late ... \u{1b}[31mFAILED\u{1b}(B\u{1b}[m <12.000s>\n\
             test order::slow ... ignored\ntest result: \u{1b}[31mFAILED\u{1b}(B\u{1b}[m. 2 passed; 1 failed; 1 ignored; 0 measured; 0 filtered out; finished in 9s\n";
        assert!(tally.read_program(printed));
        assert_eq!((tally.passed, tally.ignored), (2, 1));
        assert_eq!(tally.failed, ["order::late"]);
        assert_eq!(
            tally.times,
            [(0.25, "order::paying_twice".to_owned()), (12.0, "order::late".to_owned())]
        );
        assert!(!Tally::default().read_program("running 4 tests\nSegmentation fault\n"));
    }

    #[test]
    fn a_script_ends_with_its_own_count() {
        let mut tally = Tally::default();
        assert!(
            tally.read_script("ok      1.0 s  this\nFAILED  2.0 s  that\n4 passed, 1 failed\n\n")
        );
        assert_eq!((tally.passed, tally.failed), (4, vec!["2.0 s  that".to_owned()]));
        assert!(Tally::default().read_script("0 passed, 0 failed"));
        assert!(
            !Tally::default().read_script("4 passed, 1 failed\nTraceback (most recent call last):")
        );
    }
}
