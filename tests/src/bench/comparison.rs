//! Several targets measured in turn, round by round, so that a slow minute of the machine hits all
//! of them alike.

use std::{future::Future, pin::Pin};

type Run<'a> = Box<dyn FnMut() -> Pin<Box<dyn Future<Output = f64> + 'a>> + 'a>;

/// Targets to compare; the first is the baseline.
pub struct Comparison<'a> {
    title: String,
    unit: &'static str,
    targets: Vec<(String, Run<'a>)>,
}

impl<'a> Comparison<'a> {
    /// Starts a comparison whose figures are in `unit`, such as "calls/s" or "µs".
    pub fn new(title: impl Into<String>, unit: &'static str) -> Self {
        Comparison { title: title.into(), unit, targets: Vec::new() }
    }

    /// Adds a target: `run` measures one round and returns its figure. The first target added is
    /// the baseline.
    pub fn target<F>(mut self, name: impl Into<String>, mut run: impl FnMut() -> F + 'a) -> Self
    where
        F: Future<Output = f64> + 'a,
    {
        self.targets.push((name.into(), Box::new(move || Box::pin(run()))));
        self
    }

    /// Runs one round that does not count, then `rounds` that do, all targets taking turns, and
    /// prints the table.
    ///
    /// # Panics
    /// With fewer than 5 rounds: a median of less says nothing.
    pub async fn run(mut self, rounds: usize) -> Results {
        assert!(rounds >= 5, "a median needs at least 5 rounds");
        let mut figures = vec![Vec::with_capacity(rounds); self.targets.len()];
        for round in 0..=rounds {
            for (figures, (_, run)) in figures.iter_mut().zip(&mut self.targets) {
                let figure = run().await;
                let is_warm = round > 0;
                if is_warm {
                    figures.push(figure);
                }
            }
        }
        let names = self.targets.into_iter().map(|(name, _)| name);
        let results =
            Results { title: self.title, unit: self.unit, targets: names.zip(figures).collect() };
        results.print();
        results
    }
}

/// The figures of all rounds.
pub struct Results {
    title: String,
    unit: &'static str,
    targets: Vec<(String, Vec<f64>)>,
}

impl Results {
    /// Returns the median figure of a target.
    ///
    /// # Panics
    /// When there is no such target.
    pub fn median(&self, name: &str) -> f64 {
        median(self.figures(name))
    }

    /// Returns the median of a target's ratios to the baseline, each taken within one round.
    ///
    /// # Panics
    /// When there is no such target.
    pub fn ratio(&self, name: &str) -> f64 {
        median(&self.ratios(self.figures(name)))
    }

    fn figures(&self, name: &str) -> &[f64] {
        let found = self.targets.iter().find(|(target, _)| target == name);
        &found.unwrap_or_else(|| panic!("{name} was not measured")).1
    }

    fn ratios(&self, figures: &[f64]) -> Vec<f64> {
        figures.iter().zip(&self.targets[0].1).map(|(figure, baseline)| figure / baseline).collect()
    }

    fn print(&self) {
        let rounds = self.targets[0].1.len();
        println!("\n{} ({}; median of {rounds} rounds, lowest..highest)", self.title, self.unit);
        for (name, figures) in &self.targets {
            let ratios = self.ratios(figures);
            println!(
                "  {name:<40} {:>12}  ({}..{})   ratio {:.2} ({:.2}..{:.2})",
                show(median(figures)),
                show(lowest(figures)),
                show(highest(figures)),
                median(&ratios),
                lowest(&ratios),
                highest(&ratios),
            );
        }
    }
}

fn show(figure: f64) -> String {
    if figure.abs() >= 100.0 { format!("{figure:.0}") } else { format!("{figure:.2}") }
}

fn median(figures: &[f64]) -> f64 {
    let mut sorted = figures.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    if sorted.len() % 2 == 1 { sorted[middle] } else { (sorted[middle - 1] + sorted[middle]) / 2.0 }
}

fn lowest(figures: &[f64]) -> f64 {
    figures.iter().copied().fold(f64::INFINITY, f64::min)
}

fn highest(figures: &[f64]) -> f64 {
    figures.iter().copied().fold(f64::NEG_INFINITY, f64::max)
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    #[tokio::test]
    async fn targets_take_turns_and_the_first_round_does_not_count() {
        let order = RefCell::new(String::new());
        let results = Comparison::new("turns", "calls/s")
            .target("a", || async {
                order.borrow_mut().push('a');
                order.borrow().len() as f64
            })
            .target("b", || async {
                order.borrow_mut().push('b');
                10.0
            })
            .run(5)
            .await;
        assert_eq!(*order.borrow(), "abababababab");
        assert_eq!(results.median("a"), 7.0);
    }

    #[test]
    fn a_ratio_is_taken_within_each_round() {
        let results = Results {
            title: String::new(),
            unit: "µs",
            targets: vec![
                ("base".into(), vec![1.0, 10.0, 100.0]),
                ("ours".into(), vec![2.0, 20.0, 50.0]),
            ],
        };
        assert_eq!(results.ratio("ours"), 2.0);
        assert_eq!(results.ratio("base"), 1.0);
    }
}
