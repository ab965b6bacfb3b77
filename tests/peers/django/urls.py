"""The pages: Django's login and logout, its admin site, the OAuth endpoints, and two resources of our own."""

from django.contrib import admin
from django.contrib.auth.decorators import login_required
from django.http import JsonResponse
from django.shortcuts import render
from django.urls import include, path
from oauth2_provider.decorators import protected_resource


@login_required
def account(request):
    """For browsers: known by the session cookie. Its page has the form that logs out."""
    return render(request, "account.html")


@protected_resource(scopes=["read"])
def me(request):
    """For API clients: known by the access token."""
    return JsonResponse({"sub": str(request.resource_owner.pk)})


urlpatterns = [
    path("accounts/", include("django.contrib.auth.urls")),
    path("account/", account),
    path("api/me", me),
    path("o/", include("oauth2_provider.urls", namespace="oauth2_provider")),
    path("admin/", admin.site.urls),
]
