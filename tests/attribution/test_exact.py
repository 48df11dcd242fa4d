"""Attribution where the truth can be computed: linear models, tiny networks, small steps."""

import numpy as np
import pytest
import torch
from torch import nn

from tests.attribution.toys import Toy, linear_data, linear_net, small_net
from tests.naive_attribution import ekfac_solve, item_gradients, logistic_fit, ridge_left_out, spearman
from versionmatch.attribution.context import Context
from versionmatch.attribution.curvature import CurvatureSpec, fit_diagonal, fit_ekfac
from versionmatch.attribution.methods.gradients import EkfacInfluence, GradDot
from versionmatch.attribution.methods.unlearning import UnlearnDiagonal, UnlearnEkfac
from versionmatch.attribution.weights import gradient, item_gradient

DAMPING = 0.1


def fitted_scores(method, model, query):
    context = Context(model, model.corpus)
    return method.score(context, method.fit(context), model.read({"query": query}), model.item_ids()).values


def with_draws(method, draws):
    """The same method with a curvature over more draws of targets, so that sampling adds no error."""
    method.spec = CurvatureSpec(draws=draws, damping=method.spec.damping)
    return method


class Sampled(Toy):
    """A linear toy whose targets are drawn as often as asked, though its losses have no noise."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.capabilities |= {"draws"}


@pytest.mark.parametrize("make", [EkfacInfluence, lambda damping: UnlearnEkfac(rise=1e-4, damping=damping)])
def test_on_ridge_regression_scores_rank_as_leaving_each_row_out_does(make):
    x, y = linear_data(300, 5)
    penalty = DAMPING * np.trace(x.T @ x) / 5  # the damping is a ridge: mean eigenvalue of the inputs' covariance
    w = np.linalg.solve(x.T @ x + penalty * np.eye(5), x.T @ y)
    query_x = np.array([1.0, -0.5, 0.3, 0.8, -1.1])
    query = np.append(query_x, 2.5)
    model = Sampled(linear_net(w), x, y)
    scores = fitted_scores(with_draws(make(damping=DAMPING), 32), model, query)
    truth = ridge_left_out(x, y, w, penalty, query_x, 2.5)
    assert spearman(scores, truth) >= 0.999
    assert spearman(scores, -truth) < -0.99  # and the sign is that of the rule: positive, the loss rises without it


class Inverse:
    """A preconditioner by an explicit inverse."""

    def __init__(self, matrix):
        self.inverse = torch.linalg.inv(torch.from_numpy(matrix))

    def solve(self, vector):
        return self.inverse @ vector


def test_on_logistic_regression_unlearning_with_the_hessian_ranks_as_fitting_without_each_row_does():
    x, y = linear_data(300, 4, kind="logistic")
    w = logistic_fit(x, y, np.zeros(4))
    query = np.array([0.7, -0.4, 0.9, 0.2, 1.0])
    p = 1 / (1 + np.exp(-x @ w))
    hessian = (x * (p * (1 - p))[:, None]).T @ x / len(x)

    class UnlearnExactly(UnlearnDiagonal):
        def curvature(self, context):
            return Inverse(hessian)

    without = [logistic_fit(np.delete(x, i, 0), np.delete(y, i), w, 4) for i in range(len(x))]
    truth = np.array([np.log1p(np.exp(-query[:-1] @ v)) for v in without])
    model = Toy(linear_net(w), x, y, kind="logistic")
    assert spearman(fitted_scores(UnlearnExactly(rise=1e-3), model, query), truth) >= 0.999


def test_a_small_step_gives_the_derivative():
    """Forward difference against g_q F⁻¹ g_i, which is the derivative along the step."""
    x, _ = linear_data(80, 4)
    model = Toy(small_net(), x, np.tanh(x[:, 0]) + 0.1 * x[:, 1])
    query = [0.5, -1.0, 0.3, 0.2, 0.9]
    stepped = fitted_scores(UnlearnEkfac(rise=1e-4), model, query)
    assert spearman(stepped, fitted_scores(EkfacInfluence(), model, query)) >= 0.999


def test_a_longer_step_is_no_derivative_but_ranks_alike():
    x, _ = linear_data(80, 4)
    model = Toy(small_net(), x, np.tanh(x[:, 0]) + 0.1 * x[:, 1])
    query = [0.5, -1.0, 0.3, 0.2, 0.9]
    found = spearman(fitted_scores(UnlearnEkfac(rise=0.5), model, query), fitted_scores(EkfacInfluence(), model, query))
    assert 0.8 < found < 0.9999


def test_ekfac_is_that_of_explicit_kronecker_products():
    x, y = linear_data(40, 4)
    model = Toy(small_net(), x, y)
    context = Context(model, model.corpus, batch_size=7)
    found = fit_ekfac(context, CurvatureSpec(draws=1, damping=DAMPING))
    draws, names = context.draws(1, "fisher"), tuple(model.params())
    vector = item_gradient(model, model.load(["row 003"]), draws, names, mask_pad=True)
    parts = dict(zip(names, vector.split([p.numel() for p in model.params().values()]), strict=True))
    given = {n: part.view_as(model.params()[n]) for n, part in parts.items()}
    twin = ekfac_solve(
        model, lambda b: model.sampled(b, draws, context.seed), sorted(context.corpus.ids), given, DAMPING
    )
    expected = torch.cat([twin[n].reshape(-1) for n in names])
    assert torch.allclose(found.solve(vector), expected, rtol=1e-6, atol=1e-9 * float(expected.abs().max()))


def test_ekfac_of_a_linear_model_is_the_inverse_of_its_fisher():
    x, y = linear_data(300, 5)
    model = Sampled(linear_net(np.ones(5)), x, y)
    found = fit_ekfac(Context(model, model.corpus), CurvatureSpec(draws=50, damping=0.0))
    vector = torch.tensor([1.0, -2.0, 0.5, 3.0, 1.0], dtype=torch.float64)
    fisher = torch.from_numpy(4 * x.T @ x / len(x))  # targets have variance 1 about the model's: g = 2 ε x
    assert torch.allclose(found.solve(vector), torch.linalg.solve(fisher, vector), rtol=0.05, atol=1e-3)


def test_the_diagonal_squares_each_items_gradient_before_it_is_averaged():
    x, y = linear_data(30, 4)
    model = Toy(small_net(), x, y)
    context = Context(model, model.corpus, batch_size=5)
    draws = context.draws(1, "fisher")
    grads = item_gradients(model, lambda b: model.losses(b, draws, mask_pad=True), sorted(context.corpus.ids))
    vector = torch.ones(sum(p.numel() for p in model.params().values()), dtype=torch.float64)
    found = fit_diagonal(context, CurvatureSpec(draws=1, targets="data", damping=DAMPING)).solve(vector)
    squares = [torch.stack([g[n] ** 2 for g in grads]).mean(0) for n in model.params()]
    expected = torch.cat([(1 / (s + DAMPING * s.mean())).reshape(-1) for s in squares])
    assert torch.allclose(found, expected, rtol=1e-5)  # kept as float32
    batched = item_gradient(model, model.load(model.item_ids()), draws, tuple(model.params()), mask_pad=True) / 30
    assert not torch.allclose(1 / expected, batched**2, rtol=0.5)


def test_weights_of_no_linear_layer_are_not_moved_by_ekfac():
    x, y = linear_data(30, 4)
    net = nn.Sequential(nn.Linear(4, 5), nn.LayerNorm(5), nn.Linear(5, 1))
    model = Toy(net, x, y)
    solved = fit_ekfac(Context(model, model.corpus), CurvatureSpec(draws=1)).solve(
        torch.ones(4 * 5 + 5 + 10 + 5 + 1).double()
    )
    assert (solved[25:35] == 0).all()
    assert (solved[:25] != 0).any()


def test_only_the_groups_asked_for_are_moved():
    x, y = linear_data(30, 4)
    model = Toy(small_net(), x, y)
    context = Context(model, model.corpus, groups=("first",))
    assert context.free_names() == ("0.weight", "0.bias")
    query, method = model.read({"q": [1, 2, 3, 4, 5]}), UnlearnDiagonal()
    found = method.score(context, method.fit(context), query, model.item_ids())
    assert found.facts["rise"] > 0


def test_the_gradients_product_is_that_of_the_gradients():
    x, y = linear_data(12, 4)
    model = Toy(small_net(), x, y)
    query = [1.0, 0.0, -1.0, 0.5, 2.0]
    draws, names = Context(model, model.corpus).draws(1, "any"), tuple(model.params())
    mine = gradient(model, model.losses(model.read({"q": query}), draws, mask_pad=True).mean(), names)
    theirs = [
        gradient(model, model.losses(model.load([i]), draws, mask_pad=True).mean(), names) for i in model.item_ids()
    ]
    assert fitted_scores(GradDot(), model, query) == pytest.approx([float(mine @ t) for t in theirs], rel=1e-6)
