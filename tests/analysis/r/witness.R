# Reference results of one set: Rscript witness.R set.csv set.json
# Made with R 4.2.2: lme4 1.1-31, lmerTest 3.1-3, pbkrtest 0.5.2, emmeans 1.8.4, ordinal 2022.11-16,
# coin 1.4-2, car 3.1-1, afex 1.2-1 (Debian 12: r-cran-*). The tests need only the JSON beside it.
suppressMessages({
  library(lmerTest); library(emmeans); library(ordinal); library(coin); library(car); library(afex)
  library(jsonlite)
})
arguments <- commandArgs(TRUE)
d <- read.csv(arguments[1], colClasses = c(rep("factor", 3), "numeric"))
out <- list()

# The better of two optimisers, because either may stop early near a variance of zero.
fit <- function(formula, reml) {
  tight <- list(
    nloptwrap = list(xtol_abs = 1e-12, ftol_abs = 1e-14, maxeval = 1e5),
    bobyqa = list(rhoend = 1e-10, maxfun = 1e5)
  )
  models <- lapply(names(tight), function(name) {
    control <- lmerControl(name, optCtrl = tight[[name]], check.conv.singular = "ignore")
    suppressWarnings(lmerTest::lmer(formula, d, REML = reml, control = control))
  })
  models[[which.max(sapply(models, logLik))]]
}
variances <- function(model) with(as.data.frame(VarCorr(model)), setNames(as.list(vcov), grp))
linear <- function(formula) {
  m <- fit(formula, TRUE)
  ml <- fit(formula, FALSE)
  pairs_of <- function(df, adjust) as.data.frame(pairs(emmeans(m, "mixer", lmer.df = df), adjust = adjust))
  list(
    log_likelihood = as.numeric(logLik(m)), log_likelihood_ml = as.numeric(logLik(ml)),
    variances = variances(m), variances_ml = variances(ml),
    fixed = as.data.frame(coef(summary(m)))[, 1:3],
    satterthwaite = as.data.frame(anova(m))[c("F value", "DenDF")],
    kenward_roger = as.data.frame(anova(m, ddf = "Kenward-Roger"))[c("F value", "DenDF")],
    tukey = pairs_of("satterthwaite", "tukey")[c("estimate", "SE", "df", "p.value")],
    holm = pairs_of("kenward-roger", "holm")[c("estimate", "SE", "df", "p.value")]
  )
}
out$intercepts <- linear(rating ~ mixer + (1 | participant) + (1 | passage))
out$crossed <- linear(rating ~ mixer + (1 | participant) + (1 | passage) +
  (1 | participant:mixer) + (1 | passage:mixer))

# Ordered categories: the scores themselves, or bands of 20 points.
few <- length(unique(d$rating)) <= 12
d$band <- if (few) factor(d$rating) else cut(d$rating, c(-Inf, 20, 40, 60, 80, Inf), right = FALSE)
d$band <- factor(droplevels(d$band), ordered = TRUE)
d$pm <- interaction(d$participant, d$mixer, drop = TRUE)
d$sm <- interaction(d$passage, d$mixer, drop = TRUE)
random <- "(1 | participant) + (1 | passage) + (1 | pm) + (1 | sm)"
ordinal_fit <- function(fixed) {
  formula <- as.formula(paste("band ~", fixed, "+", random))
  suppressWarnings(clmm(formula, data = d, control = clmm.control(gradTol = 1e-6, maxIter = 200)))
}
full <- ordinal_fit("mixer")
out$ordinal <- list(
  log_likelihood = as.numeric(logLik(full)),
  null_log_likelihood = as.numeric(logLik(ordinal_fit("1"))),
  thresholds = unname(full$alpha), effects = unname(full$beta),
  sds = setNames(
    lapply(VarCorr(full), function(part) sqrt(part[1])),
    sub("^pm$", "participant:system", sub("^sm$", "passage:system", names(VarCorr(full))))
  )
)

# Participants' means over the pages on which they rated every system.
cell <- aggregate(rating ~ participant + passage + mixer, d, mean)
wide <- reshape(cell, idvar = c("participant", "passage"), timevar = "mixer", direction = "wide")
names(wide) <- sub("rating.", "", names(wide), fixed = TRUE)
whole <- wide[complete.cases(wide), ]
if (nrow(whole)) {
  means <- round(as.matrix(aggregate(whole[levels(d$mixer)], list(whole$participant), mean)[, -1]), 9)
  friedman <- friedman.test(means)
  out$friedman <- list(n = nrow(means), statistic = unname(friedman$statistic), p = friedman$p.value)
  if (nrow(means) > ncol(means)) {
    within <- data.frame(mixer = factor(levels(d$mixer)))
    analysis <- Anova(lm(means ~ 1), idata = within, idesign = ~mixer, type = 3)
    found <- suppressWarnings(summary(analysis, multivariate = FALSE))
    out$one_way <- list(
      f = found$univariate.tests["mixer", "F value"], p = found$univariate.tests["mixer", "Pr(>F)"],
      w = found$sphericity.tests[1, 1], epsilon = as.list(found$pval.adjustments[1, ])
    )
  }
}

# Differences formed within passages and then averaged; zeros dropped; exact given ties.
out$wilcoxon <- list()
for (pair in combn(levels(d$mixer), 2, simplify = FALSE)) {
  difference <- wide[[pair[1]]] - wide[[pair[2]]]
  x <- tapply(difference, wide$participant, mean, na.rm = TRUE)
  x <- round(x[!is.na(x)], 9)
  test <- wilcoxsign_test(y ~ zero, data.frame(y = x[x != 0], zero = 0), distribution = "exact")
  out$wilcoxon[[paste(pair, collapse = " - ")]] <- list(
    n = length(x), zeros = sum(x == 0), exact = as.numeric(pvalue(test)), t = unname(t.test(x)$statistic)
  )
}

# Two-way analysis of those who rated everything.
complete <- names(which(table(cell$participant) == nlevels(d$passage) * nlevels(d$mixer)))
if (length(complete) > 1) {
  cells <- droplevels(cell[cell$participant %in% complete, ])
  analysis <- suppressWarnings(aov_ez(
    "participant", "rating", cells, within = c("mixer", "passage"),
    anova_table = list(correction = "none", es = "ges")
  ))
  out$two_way <- as.data.frame(analysis$anova_table)[c("F", "ges", "Pr(>F)")]
}
writeLines(toJSON(out, digits = 15, auto_unbox = TRUE, dataframe = "columns", pretty = 1), arguments[2])
