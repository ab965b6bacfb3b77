//! Exact counts that a target's processes publish as Prometheus text.

/// The sum of all samples of metric `name` in Prometheus text; `None` when there is no such metric.
#[must_use]
pub fn sum(prometheus_text: &str, name: &str) -> Option<f64> {
    let values: Vec<f64> = prometheus_text
        .lines()
        .filter_map(|line| value_of(line, name))
        .collect();
    (!values.is_empty()).then(|| values.iter().sum())
}

/// The value on `line` if it is a sample of `name`: `name value` or `name{labels} value`, a time stamp may follow.
fn value_of(line: &str, name: &str) -> Option<f64> {
    let rest = line.strip_prefix(name)?;
    let values = match rest.strip_prefix('{') {
        Some(labelled) => &labelled[labelled.rfind('}')? + 1..],
        None if rest.starts_with([' ', '\t']) => rest,
        None => return None,
    };
    values.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# HELP commands_total Commands.\n# TYPE commands_total counter\ncommands_total 12\n\
        commands_total_other 99\nby_outcome{outcome=\"a } b\"} 3\nby_outcome{outcome=\"x\"} 4 1700000000\n";

    #[test]
    fn samples_of_all_labels_add_up_and_longer_names_do_not_count() {
        assert_eq!(sum(TEXT, "commands_total"), Some(12.0));
        assert_eq!(sum(TEXT, "by_outcome"), Some(7.0));
        assert_eq!(sum(TEXT, "commands"), None);
        assert_eq!(sum("", "commands_total"), None);
    }
}
