//! Where the library reads Sigma otherwise than the specification does.

use regex::{Regex, RegexSet};
use rsigma_eval::{CompiledDetection, CompiledMatcher, CompiledRule};
use rsigma_parser::{Detection, DetectionItem, Modifier, SigmaRule};

/// Keywords under `|all` are searched for in the whole event like any others, each by itself; the
/// library would have one text be equal to all of them.
pub(super) fn keywords(rule: &mut SigmaRule) {
    for detection in rule.detection.named.values_mut() {
        spread(detection);
    }
}

fn spread(detection: &mut Detection) {
    match detection {
        Detection::AllOf(items) if items.iter().any(is_keywords) => {
            let (all, rest): (Vec<_>, Vec<_>) =
                std::mem::take(items).into_iter().partition(is_keywords);
            let values = all.into_iter().flat_map(|item| item.values);
            let mut parts: Vec<Detection> =
                values.map(|value| Detection::Keywords(vec![value])).collect();
            if !rest.is_empty() {
                parts.push(Detection::AllOf(rest));
            }
            *detection = Detection::And(parts);
        }
        Detection::AnyOf(parts) | Detection::And(parts) => parts.iter_mut().for_each(spread),
        Detection::AllOf(_)
        | Detection::Keywords(_)
        | Detection::ArrayMatch { .. }
        | Detection::Conditional { .. } => {}
    }
}

fn is_keywords(item: &DetectionItem) -> bool {
    let plain = |modifier: &Modifier| matches!(modifier, Modifier::All | Modifier::Contains);
    item.field.name.is_none()
        && item.field.modifiers.contains(&Modifier::All)
        && item.field.modifiers.iter().all(plain)
}

/// `*` stands for any characters and `?` for any one, line ends among them; the library stops at
/// them. Regular expressions that a rule writes itself stay as they are.
pub(super) fn wildcards(rule: &SigmaRule, compiled: &mut CompiledRule) {
    for (name, detection) in &rule.detection.named {
        if let Some(compiled) = compiled.detections.get_mut(name) {
            unbound(detection, compiled);
        }
    }
}

fn unbound(written: &Detection, compiled: &mut CompiledDetection) {
    match (written, compiled) {
        (Detection::AllOf(items), CompiledDetection::AllOf(all)) if items.len() == all.len() => {
            for (item, compiled) in items.iter().zip(all) {
                if !item.field.modifiers.contains(&Modifier::Re) {
                    across_lines(&mut compiled.matcher);
                }
            }
        }
        (Detection::Keywords(_), CompiledDetection::Keywords(matcher)) => across_lines(matcher),
        (Detection::AnyOf(parts), CompiledDetection::AnyOf(all))
        | (Detection::And(parts), CompiledDetection::And(all))
            if parts.len() == all.len() =>
        {
            for (part, compiled) in parts.iter().zip(all) {
                unbound(part, compiled);
            }
        }
        _ => {}
    }
}

fn across_lines(matcher: &mut CompiledMatcher) {
    match matcher {
        CompiledMatcher::Regex(regex) => {
            if let Ok(wider) = Regex::new(&format!("(?s){}", regex.as_str())) {
                *regex = wider;
            }
        }
        CompiledMatcher::RegexSetMatch { set, .. } => {
            let wider = set.patterns().iter().map(|pattern| format!("(?s){pattern}"));
            if let Ok(wider) = RegexSet::new(wider) {
                *set = wider;
            }
        }
        CompiledMatcher::AnyOf(parts)
        | CompiledMatcher::AllOf(parts)
        | CompiledMatcher::CaseInsensitiveGroup { children: parts, .. } => {
            parts.iter_mut().for_each(across_lines);
        }
        CompiledMatcher::Not(part) => across_lines(part),
        _ => {}
    }
}
