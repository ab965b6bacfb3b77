//! A tool that failed, in the self-test: its row says so, and the rest of the self-test goes on.

use super::{GeneratorCost, Tool};
use authbench_reports::selftest::{Row, RowVerdict};

impl GeneratorCost {
    /// Why `tool`, which is installed, gave no figures.
    #[must_use]
    pub fn failure(&self, tool: Tool) -> Option<&str> {
        let failed = self.failed.iter().find(|(failed, _)| *failed == tool);
        failed.map(|(_, why)| why.as_str())
    }

    /// `row` about `tool`, unless that failed: then nothing is known of us either, whether it is too old, too new, or another program of the
    /// same name, as wrk2 is.
    pub(super) fn or_failure(&self, tool: Tool, row: Row) -> Row {
        match self.failure(tool) {
            None => row,
            Some(why) => Row {
                verdict: RowVerdict::NotJudged,
                note: Some(why.to_owned()),
                ..row
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Costs;
    use super::*;
    use std::collections::BTreeMap;

    fn row() -> Row {
        Row {
            truth: String::new(),
            group: "generator-cost".to_owned(),
            quantity: String::new(),
            expected: String::new(),
            measured: "–".to_owned(),
            error: String::new(),
            tolerance: String::new(),
            verdict: RowVerdict::Skipped,
            note: None,
            n: 0,
            figures: BTreeMap::new(),
        }
    }

    #[test]
    fn the_row_of_a_tool_that_failed_is_not_judged_and_those_of_others_stay() {
        let cost = GeneratorCost {
            ours: Costs {
                version: "authbench".to_owned(),
                rounds: Vec::new(),
            },
            wrk: None,
            oha: None,
            failed: vec![(Tool::Wrk, "wrk failed: no rate".to_owned())],
        };
        let wrk = cost.or_failure(Tool::Wrk, row());
        assert_eq!(
            (wrk.verdict, wrk.note.as_deref()),
            (RowVerdict::NotJudged, Some("wrk failed: no rate"))
        );
        assert_eq!(cost.or_failure(Tool::Oha, row()), row());
    }
}
