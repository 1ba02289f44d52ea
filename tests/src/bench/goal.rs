//! What the figures were meant to be, said at the end of each benchmark.

/// Collects goals and whether each was met.
#[derive(Default)]
pub struct Goals(Vec<Goal>);

struct Goal {
    text: String,
    is_met: bool,
}

impl Goals {
    /// Notes a figure that was to be at least so much.
    pub fn at_least(&mut self, what: &str, wanted: f64, figure: f64) {
        self.0.push(Goal {
            text: format!("{what}: {figure:.2}, wanted at least {wanted}"),
            is_met: figure >= wanted,
        });
    }

    /// Notes a figure that was to be at most so much.
    pub fn at_most(&mut self, what: &str, wanted: f64, figure: f64) {
        self.0.push(Goal {
            text: format!("{what}: {figure:.2}, wanted at most {wanted}"),
            is_met: figure <= wanted,
        });
    }

    /// Prints all goals and returns whether every one was met.
    pub fn finish(self) -> bool {
        println!();
        for goal in &self.0 {
            println!("{:>7}  {}", if goal.is_met { "met" } else { "MISSED" }, goal.text);
        }
        self.0.iter().all(|goal| goal.is_met)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_missed_goal_is_enough_to_fail() {
        let mut goals = Goals::default();
        goals.at_least("throughput", 0.9, 0.95);
        goals.at_most("p99", 100.0, 100.0);
        assert!(goals.finish());

        let mut goals = Goals::default();
        goals.at_least("throughput", 0.9, 0.95);
        goals.at_most("p99", 100.0, 101.0);
        assert!(!goals.finish());
    }

    #[test]
    fn a_figure_that_is_not_a_number_meets_no_goal() {
        let mut goals = Goals::default();
        goals.at_least("throughput", 0.9, f64::NAN);
        assert!(!goals.finish());
    }
}
