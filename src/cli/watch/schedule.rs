//! When `keyform watch` looks: an expression of cron in a time zone.

use croner::Cron;
use croner::parser::CronParser;
use croner::parser::Seconds;
use croner::parser::Year;
use jiff::Timestamp;
use jiff::tz::TimeZone;

/// More ticks than this are not counted one by one.
const MANY: usize = 1000;

/// An expression of cron with five fields, or a word such as `@daily`.
#[derive(Debug, Clone)]
pub(super) struct Schedule(Cron);

/// Reads an expression. Seconds and years have no place in it.
pub(super) fn schedule(text: &str) -> Result<Schedule, String> {
    let parser = CronParser::builder().seconds(Seconds::Disallowed).year(Year::Disallowed).build();
    let wrong = "it must be an expression of cron with five fields, such as `*/15 * * * *` or `0 6 * * mon-fri`";
    let schedule = parser.parse(text).map(Schedule).map_err(|_| wrong.to_owned())?;
    match schedule.next(Timestamp::UNIX_EPOCH, &TimeZone::UTC) {
        Some(_) => Ok(schedule),
        None => Err("there is no such day".to_owned()),
    }
}

/// Reads the name of a time zone.
pub(super) fn zone(name: &str) -> Result<TimeZone, String> {
    TimeZone::get(name).map_err(|_| "it must be the name of a time zone, such as `Europe/Berlin` or `UTC`".to_owned())
}

impl Schedule {
    /// The first tick after a moment. Where clocks are put forward, what falls into the gap comes right after it; where they are
    /// put back, an hour that is there twice counts once.
    pub(super) fn next(&self, after: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        let after = after.to_zoned(zone.clone());
        self.0.find_next_occurrence(&after, false).ok().map(|next| next.timestamp())
    }

    /// How many ticks lie after a moment, up to another one.
    pub(super) fn ticks(&self, from: Timestamp, to: Timestamp, zone: &TimeZone) -> usize {
        let mut count = 0;
        let mut at = self.next(from, zone);
        while let Some(tick) = at.filter(|tick| *tick <= to && count < MANY) {
            count += 1;
            at = self.next(tick, zone);
        }
        count
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test that can't go on panics")]

    use super::schedule;
    use super::zone;
    use jiff::Timestamp;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn an_expression_has_five_fields_and_a_day_that_comes() {
        for good in ["*/15 * * * *", "0 6 * * mon-fri", "@hourly", "0 0 29 2 *", "30 2 L * *"] {
            assert!(schedule(good).is_ok(), "{good}");
        }
        for bad in ["", "* * * *", "* * * * * *", "61 * * * *", "0 0 31 2 *", "every day", "* * * * * * *"] {
            assert!(schedule(bad).is_err(), "{bad}");
        }
        assert!(zone("Europe/Berlin").is_ok() && zone("UTC").is_ok() && zone("Mars/Base").is_err());
    }

    #[test]
    fn ticks_follow_the_clocks_of_their_place() {
        let (daily, berlin) = (schedule("30 2 * * *").unwrap(), zone("Europe/Berlin").unwrap());
        let next = |after: &str| daily.next(at(after), &berlin).unwrap().to_string();
        assert_eq!(next("2026-01-10T00:00:00Z"), "2026-01-10T01:30:00Z");
        assert_eq!(next("2026-07-10T00:00:00Z"), "2026-07-10T00:30:00Z");
        // Half past two is not there on this day: it is done when clocks go on at three.
        assert_eq!(next("2026-03-28T12:00:00Z"), "2026-03-29T01:00:00Z");
        // And twice on this one: it is done once.
        assert_eq!(next("2026-10-24T12:00:00Z"), "2026-10-25T00:30:00Z");
        assert_eq!(next("2026-10-25T00:30:00Z"), "2026-10-26T01:30:00Z");
    }

    #[test]
    fn ticks_that_a_run_took_are_counted_not_done() {
        let quarter = schedule("*/15 * * * *").unwrap();
        let ticks = |from: &str, to: &str| quarter.ticks(at(from), at(to), &jiff::tz::TimeZone::UTC);
        assert_eq!(ticks("2026-01-10T00:00:00Z", "2026-01-10T00:14:59Z"), 0);
        assert_eq!(ticks("2026-01-10T00:00:00Z", "2026-01-10T01:00:00Z"), 4);
    }
}
