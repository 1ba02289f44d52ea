//! Adds up the result lines of many test programs.

/// How many tests passed and failed, over all test programs of a run.
#[derive(Default, Debug, PartialEq, Eq)]
pub struct Tally {
    pub passed: u64,
    pub failed: u64,
    pub ignored: u64,
}

impl Tally {
    /// Adds what one line of output says, if it is a result line of cargo's test runner.
    ///
    /// Such a line reads `test result: ok. 12 passed; 0 failed; 0 ignored; …`. Colours are looked through.
    pub fn read_cargo(&mut self, line: &str) {
        let line = without_colours(line);
        let Some((_, counts)) = line.strip_prefix("test result: ").and_then(|result| result.split_once(". ")) else {
            return;
        };
        for count in counts.split("; ") {
            self.add(count);
        }
    }

    /// Adds what the last line of a script test says: `12 passed, 0 failed`. Returns whether it says so; a script that has
    /// left out everything, since a program is missing, counts nothing and has not failed.
    pub fn read_script(&mut self, line: &str) -> bool {
        let Some((passed, failed)) = line.trim().split_once(", ") else {
            return false;
        };
        let is_count = passed.ends_with(" passed") && failed.ends_with(" failed");
        if is_count {
            self.add(passed);
            self.add(failed);
        }
        is_count
    }

    fn add(&mut self, count: &str) {
        let Some((number, what)) = count.split_once(' ') else {
            return;
        };
        let number = number.parse().unwrap_or(0);
        match what {
            "passed" => self.passed += number,
            "failed" => self.failed += number,
            "ignored" => self.ignored += number,
            _ => {}
        }
    }
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
    fn results_of_several_programs_add_up() {
        let mut tally = Tally::default();
        tally.read_cargo(
            "test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.1s",
        );
        tally.read_cargo("test result: \u{1b}[31mFAILED\u{1b}(B\u{1b}[m. 3 passed; 2 failed; 0 ignored; 0 measured");
        tally.read_cargo("test order::tests::paying_twice ... ok");
        assert_eq!(tally, Tally { passed: 15, failed: 2, ignored: 1 });
    }

    #[test]
    fn a_script_ends_with_its_own_count() {
        let mut tally = Tally::default();
        assert!(tally.read_script("4 passed, 1 failed\n"));
        assert!(tally.read_script("0 passed, 0 failed"));
        assert!(!tally.read_script("Traceback (most recent call last):"));
        assert_eq!(tally, Tally { passed: 4, failed: 1, ignored: 0 });
    }
}
